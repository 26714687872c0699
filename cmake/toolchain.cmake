# Flags that every target of ours shares. Third-party headers are SYSTEM, so these judge our code only.
add_library(loquat_flags INTERFACE)
target_compile_options(loquat_flags INTERFACE
  -Wall -Wextra -Wconversion -Wno-sign-conversion -Werror -fno-omit-frame-pointer)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # In a unity build every file is an included one, whose anonymous namespace GCC takes for a header's.
  target_compile_options(loquat_flags INTERFACE -Wno-subobject-linkage
    # GoogleTest's macros are an `if` with an `else`, also within ours.
    -Wno-dangling-else)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(loquat_flags INTERFACE -Wno-unknown-warning-option
    # libstdc++ 12's stable_sort uses a deprecated function of its own, which clang reports at our call.
    -Wno-deprecated-declarations)
endif()
target_compile_definitions(loquat_flags INTERFACE LOQUAT_VERSION="${PROJECT_VERSION}")

if(LOQUAT_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined)
  add_link_options(-fsanitize=address,undefined)
elseif(LOQUAT_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread)
  add_link_options(-fsanitize=thread -rdynamic)
  # Linked into every program: librdkafka's C11 threads must go through what the sanitizer sees (the file says why).
  add_library(tsan_c11_threads OBJECT "${CMAKE_SOURCE_DIR}/tests/support/tsan_c11_threads.c")
elseif(LOQUAT_SANITIZE)
  message(FATAL_ERROR "LOQUAT_SANITIZE is '${LOQUAT_SANITIZE}'; allowed: address, thread, or empty")
endif()

# Before any target of ours, so that the rooms too report the branches they take.
option(LOQUAT_FUZZ "Build the fuzz targets (clang only)" OFF)
if(LOQUAT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(LOQUAT_MOLD mold)
if(LOQUAT_MOLD AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_link_options(-fuse-ld=mold)
endif()
find_program(LOQUAT_CCACHE ccache)
if(LOQUAT_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${LOQUAT_CCACHE}")
  set(CMAKE_C_COMPILER_LAUNCHER "${LOQUAT_CCACHE}")
endif()
