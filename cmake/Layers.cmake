# A layer: src/<name>/ as one static library, its headers in include/<name>/.
#
#   itgtd_layer(<name> BELOW <layers> LIBRARIES <targets> FILES <files>)
#
# FILES stand in dependency order: a file calls only files above it. BELOW
# names the layers that it may include. The test `layers` checks both.
function(itgtd_layer name)
  cmake_parse_arguments(arg "" "" "BELOW;LIBRARIES;FILES" ${ARGN})
  if(arg_FILES)
    add_library(${name} STATIC ${arg_FILES})
    set(scope PUBLIC)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope} ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(${name} ${scope} ${arg_BELOW} ${arg_LIBRARIES})
endfunction()

# An executable that is worth optimizing as a whole, where that is on.
function(itgtd_whole_program name)
  set_target_properties(${name} PROPERTIES ITGTD_WHOLE_PROGRAM ${ITGTD_WHOLE_PROGRAM})
endfunction()
