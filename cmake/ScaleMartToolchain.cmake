# Compiler and linker settings shared by every target.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

set(SCALEMART_SANITIZE "" CACHE STRING "address,undefined or thread; empty for none")
option(SCALEMART_MUTANT_NO_SYNC "Build the journal without its sync: the power-cut test must then fail" OFF)
if(SCALEMART_MUTANT_NO_SYNC)
  add_compile_definitions(SCALEMART_MUTANT_NO_SYNC)
endif()

add_compile_options(
  -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor -Werror
  -fno-omit-frame-pointer -fstack-protector-strong)
# Assertions of the standard library stay on in release: a wrong index must stop a sale, not corrupt it.
add_compile_definitions(_GLIBCXX_ASSERTIONS BOOST_ASIO_NO_DEPRECATED SPDLOG_FMT_EXTERNAL)

if(SCALEMART_SANITIZE)
  # g++ 12 sees uninitialised members of std::variant and unique_ptr once a sanitizer has rearranged the code.
  add_compile_options(-fsanitize=${SCALEMART_SANITIZE} -fno-sanitize-recover=all -g1 -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=${SCALEMART_SANITIZE})
  if(SCALEMART_SANITIZE STREQUAL "thread")
    # ThreadSanitizer does not know fences, and Asio's are only belt and braces around its own mutexes.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
else()
  # Fortification and sanitizers exclude each other.
  add_compile_options($<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>
                      -fstack-clash-protection -fcf-protection)
  add_link_options(-Wl,-z,relro,-z,now,-z,noexecstack)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
