# scalemart_embed(TARGET file...): the files become byte arrays inside the program, listed by
# base/embedded_file.hpp. The assembler's .incbin keeps this fast for large files.
function(scalemart_embed TARGET)
  set(out ${CMAKE_BINARY_DIR}/embed/${TARGET}.cpp)
  set(body "#include \"base/embedded_file.hpp\"\n#include <array>\n")
  set(rows "")
  set(index 0)
  set(deps "")
  foreach(file ${ARGN})
    set(path ${CMAKE_SOURCE_DIR}/${file})
    set(symbol "embedded_${TARGET}_${index}")
    string(APPEND body
      "__asm__(\".pushsection .rodata\\n.global ${symbol}\\n.global ${symbol}_end\\n\"\n"
      "        \"${symbol}:\\n.incbin \\\"${path}\\\"\\n${symbol}_end:\\n.byte 0\\n.popsection\\n\");\n"
      "extern \"C\" const char ${symbol}[];\nextern \"C\" const char ${symbol}_end[];\n")
    string(APPEND rows "    scalemart::EmbeddedFile{\"${file}\", ${symbol}, ${symbol}_end},\n")
    math(EXPR index "${index}+1")
    list(APPEND deps ${path})
  endforeach()
  string(APPEND body "static const std::array<scalemart::EmbeddedFile, ${index}> files{{\n${rows}}};\n"
    "namespace scalemart { std::span<const EmbeddedFile> ${TARGET}() { return files; } }\n")
  file(GENERATE OUTPUT ${out} CONTENT "${body}")
  set_source_files_properties(${out} PROPERTIES OBJECT_DEPENDS "${deps}")
  add_library(${TARGET} STATIC ${out})
  target_include_directories(${TARGET} PUBLIC ${CMAKE_SOURCE_DIR}/src)
endfunction()
