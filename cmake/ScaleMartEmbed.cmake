# Files that travel inside the program. base/embedded_file.hpp is what the program sees of them.
#
# scalemart_embed(TARGET PREFIX FOLDER [ONLY regex] [NEEDS file...]): every file of FOLDER, found at build time, for names of built
# pages change with their content. The file a/b of FOLDER is called PREFIX/a/b. Beside each one that compresses well
# stands PREFIX/a/b.gz. ONLY: of FOLDER, those that match. NEEDS: files that FOLDER must have, or the build ends and says how to make them.
#
# As a script (cmake -P) this file looks and writes; it runs at every build and changes nothing when nothing changed.

function(scalemart_embed TARGET PREFIX FOLDER)
  cmake_parse_arguments(ARG "" "ONLY" "NEEDS" ${ARGN})
  set(out ${CMAKE_BINARY_DIR}/embed/${TARGET})
  find_program(GZIP gzip REQUIRED)
  add_custom_target(${TARGET}_listed
    COMMAND ${CMAKE_COMMAND} -DFUNCTION=${TARGET} -DPREFIX=${PREFIX} -DFOLDER=${FOLDER} "-DNEEDS=${ARG_NEEDS}" "-DONLY=${ARG_ONLY}"
            -DOUT=${out} -DGZIP=${GZIP} -P ${CMAKE_SOURCE_DIR}/cmake/ScaleMartEmbed.cmake
    BYPRODUCTS ${out}/files.cpp
    COMMENT "Embedding ${PREFIX}/"
    VERBATIM)
  set_source_files_properties(${out}/files.cpp PROPERTIES GENERATED TRUE)
  add_library(${TARGET} STATIC ${out}/files.cpp)
  add_dependencies(${TARGET} ${TARGET}_listed)
  target_include_directories(${TARGET} PUBLIC ${CMAKE_SOURCE_DIR}/src)
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  return()
endif()
cmake_policy(VERSION 3.25)

# --- the script ------------------------------------------------------------------------------------------

foreach(needed ${NEEDS})
  if(NOT EXISTS ${FOLDER}/${needed})
    message(FATAL_ERROR "${FOLDER}/${needed} is not there. `./dev pages` builds the pages; "
      "`cmake -DSCALEMART_EMBED_PAGES=OFF` builds a program without them (see docs/operations.md).")
  endif()
endforeach()

file(GLOB_RECURSE names RELATIVE ${FOLDER} ${FOLDER}/*)
list(FILTER names EXCLUDE REGEX "(^|/)\\.") # hidden: nobody means to publish those
if(ONLY)
  list(FILTER names INCLUDE REGEX "${ONLY}")
endif()
list(SORT names)
set(state "${CMAKE_CURRENT_LIST_FILE}\n${PREFIX} ${FOLDER}\n")
file(SHA256 ${CMAKE_CURRENT_LIST_FILE} hash)
string(APPEND state "${hash}\n")
foreach(name ${names})
  if(NOT name MATCHES "^[A-Za-z0-9._/-]+$")
    message(FATAL_ERROR "${FOLDER}/${name}: the names of embedded files are made of letters, digits and ._-")
  endif()
  file(SHA256 ${FOLDER}/${name} hash)
  string(APPEND state "${name} ${hash}\n")
endforeach()
if(EXISTS ${OUT}/state.txt AND EXISTS ${OUT}/files.cpp)
  file(READ ${OUT}/state.txt before)
  if(before STREQUAL state)
    return()
  endif()
endif()

file(REMOVE_RECURSE ${OUT}/gz)
file(MAKE_DIRECTORY ${OUT}/gz)
set(body "")
set(rows "")
set(count 0)

# The assembler's .incbin keeps this fast for large files.
macro(embed path name)
  set(symbol "embedded_${FUNCTION}_${count}")
  string(APPEND body
    "__asm__(\".pushsection .rodata\\n.global ${symbol}\\n.global ${symbol}_end\\n\"\n"
    "        \"${symbol}:\\n.incbin \\\"${path}\\\"\\n${symbol}_end:\\n.byte 0\\n.popsection\\n\");\n"
    "extern \"C\" const char ${symbol}[];\nextern \"C\" const char ${symbol}_end[];\n")
  string(APPEND rows "    scalemart::EmbeddedFile{\"${PREFIX}/${name}\", ${symbol}, ${symbol}_end},\n")
  math(EXPR count "${count}+1")
endmacro()

foreach(name ${names})
  embed(${FOLDER}/${name} ${name})
  if(NOT name MATCHES "\\.(html|css|m?js|json|map|svg|txt|xml|webmanifest)$")
    continue()
  endif()
  set(zipped ${OUT}/gz/${count}.gz)
  execute_process(COMMAND ${GZIP} -9 -n -c ${FOLDER}/${name} OUTPUT_FILE ${zipped} COMMAND_ERROR_IS_FATAL ANY)
  file(SIZE ${FOLDER}/${name} plain_size)
  file(SIZE ${zipped} zipped_size)
  if(zipped_size LESS plain_size)
    embed(${zipped} ${name}.gz)
  endif()
endforeach()

# The state stands in the source: other content is another source, so it is assembled again.
string(SHA256 state_hash "${state}")
file(WRITE ${OUT}/files.cpp
  "// ${state_hash}\n#include <array>\n\n#include \"base/embedded_file.hpp\"\n\n${body}\n"
  "static const std::array<scalemart::EmbeddedFile, ${count}> files{{\n${rows}}};\n"
  "namespace scalemart { std::span<const EmbeddedFile> ${FUNCTION}() { return files; } }\n")
file(WRITE ${OUT}/state.txt "${state}")
