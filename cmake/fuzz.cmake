# tests/fuzz/<target>.cpp; the rooms it links stand in its first line: // rooms: wire sql
add_custom_target(fuzzers) # all of them: `ninja fuzzers`
file(GLOB fuzz_sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/fuzz/*.cpp")
foreach(source IN LISTS fuzz_sources)
  get_filename_component(name "${source}" NAME_WE)
  file(STRINGS "${source}" first LIMIT_COUNT 1)
  string(REGEX REPLACE "^// rooms: *" "" rooms "${first}")
  separate_arguments(rooms)
  add_executable(fuzz_${name} "${source}")
  target_include_directories(fuzz_${name} PRIVATE "${CMAKE_SOURCE_DIR}/src") # seams inside a room are decoders too
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_${name} PRIVATE loquat_flags)
  add_dependencies(fuzzers fuzz_${name})
  foreach(room IN LISTS rooms)
    target_link_libraries(fuzz_${name} PRIVATE loquat_${room})
  endforeach()
endforeach()
