# One interface target per word in the libraries column of rooms.tsv: lib_<word>.
find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(JWT REQUIRED IMPORTED_TARGET libjwt)
# A third of the loop's time was in the C library's allocator. Sanitizers bring one of their own.
if(NOT LOQUAT_SANITIZE)
  pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
endif()

foreach(word asio beast openssl zlib yaml spdlog json rdkafka sqlite duckdb jwt)
  add_library(lib_${word} INTERFACE)
endforeach()
# BOOST_ASIO_DISABLE_... keep the loop to one thread's rules; separate compilation would pull heavy headers everywhere.
# Recycled coroutine frames: the large ones of a handshake would be kept for the small ones that wait for a connection's life.
target_compile_definitions(lib_asio INTERFACE BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_HAS_CO_AWAIT
                                              BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
target_link_libraries(lib_asio INTERFACE Boost::headers Threads::Threads)
target_link_libraries(lib_beast INTERFACE Boost::headers OpenSSL::SSL OpenSSL::Crypto)
target_link_libraries(lib_openssl INTERFACE OpenSSL::SSL OpenSSL::Crypto)
target_link_libraries(lib_zlib INTERFACE ZLIB::ZLIB)
target_link_libraries(lib_yaml INTERFACE yaml-cpp)
target_link_libraries(lib_spdlog INTERFACE spdlog::spdlog fmt::fmt)
target_link_libraries(lib_json INTERFACE nlohmann_json::nlohmann_json)
target_link_libraries(lib_sqlite INTERFACE PkgConfig::SQLITE)
target_link_libraries(lib_jwt INTERFACE PkgConfig::JWT)

# DuckDB comes by a registry client, pinned and checked by scripts/fetch-deps, into .deps (never committed).
if(DEFINED ENV{LOQUAT_DEPS})
  set(deps_default "$ENV{LOQUAT_DEPS}")
else()
  set(deps_default "${CMAKE_SOURCE_DIR}/.deps")
endif()
set(LOQUAT_DEPS_DIR "${deps_default}" CACHE PATH "Where scripts/fetch-deps puts pinned libraries")
add_library(duckdb SHARED IMPORTED)
set_target_properties(duckdb PROPERTIES
  IMPORTED_LOCATION "${LOQUAT_DEPS_DIR}/duckdb/libduckdb.so"
  INTERFACE_INCLUDE_DIRECTORIES "${LOQUAT_DEPS_DIR}/duckdb")
if(NOT EXISTS "${LOQUAT_DEPS_DIR}/duckdb/libduckdb.so")
  message(FATAL_ERROR "DuckDB is not in ${LOQUAT_DEPS_DIR}: run scripts/fetch-deps")
endif()
target_link_libraries(lib_duckdb INTERFACE duckdb)

# librdkafka the same way, linked in whole. Without it the system's serves, if it is there: all but SCRAM with Kafka 4.
set(rdkafka_folder "${LOQUAT_DEPS_DIR}/librdkafka")
if(EXISTS "${rdkafka_folder}/librdkafka.a")
  add_library(rdkafka STATIC IMPORTED)
  set_target_properties(rdkafka PROPERTIES
    IMPORTED_LOCATION "${rdkafka_folder}/librdkafka.a"
    INTERFACE_INCLUDE_DIRECTORIES "${rdkafka_folder}/include"
    INTERFACE_LINK_LIBRARIES "OpenSSL::SSL;OpenSSL::Crypto;ZLIB::ZLIB;Threads::Threads;${CMAKE_DL_LIBS};m")
  target_link_libraries(lib_rdkafka INTERFACE rdkafka)
else()
  message(WARNING "librdkafka is not in ${LOQUAT_DEPS_DIR} (scripts/fetch-deps puts it there): the system's is taken")
  pkg_check_modules(RDKAFKA REQUIRED IMPORTED_TARGET rdkafka)
  target_link_libraries(lib_rdkafka INTERFACE PkgConfig::RDKAFKA)
endif()
