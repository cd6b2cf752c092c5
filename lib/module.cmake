# SPDX-License-Identifier: MIT
# wscluster_module(): one folder of lib/ = one target = one namespace.
# A module may name only modules that are already defined, so lib/CMakeLists.txt read from top to bottom is the
# architecture and cannot hold a cycle.

add_library(wscluster_settings INTERFACE)
# Files that are compiled together see each other's names, which no parameter has to avoid, and to GCC they are headers,
# where a private type in a class would be a mistake.
set(is_unity $<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>)
target_compile_options(wscluster_settings INTERFACE
  -Wall -Wextra -Wpedantic $<$<NOT:${is_unity}>:-Wshadow>
  "$<$<AND:${is_unity},$<CXX_COMPILER_ID:GNU>>:-Wshadow=local;-Wno-subobject-linkage>"
  -Wconversion $<$<BOOL:${WSCLUSTER_WERROR}>:-Werror>)
# GCC 12 sees ghosts in inlined std::string and std::variant at -O2 (gcc bugs 105329, 105562).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(wscluster_settings INTERFACE -Wno-restrict -Wno-maybe-uninitialized -Wno-stringop-overflow
                                                      -Wno-array-bounds -Wno-stringop-overread)
endif()
if(WSCLUSTER_SANITIZER STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(WSCLUSTER_SANITIZER STREQUAL "thread")
  add_compile_options(-fsanitize=thread -Wno-tsan)  # Asio's fences: known, and no data hangs on them alone
  add_link_options(-fsanitize=thread)
elseif(WSCLUSTER_SANITIZER)
  message(FATAL_ERROR "WSCLUSTER_SANITIZER is '${WSCLUSTER_SANITIZER}': use address or thread")
endif()
if(WSCLUSTER_FUZZERS)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined)
  add_link_options(-fsanitize=address,undefined)
endif()

# wscluster_module(NAME ring SOURCES a.cpp … DEPENDS base … EXTERNAL hiredis …)
function(wscluster_module)
  cmake_parse_arguments(M "" "NAME" "SOURCES;DEPENDS;EXTERNAL" ${ARGN})
  foreach(dependency IN LISTS M_DEPENDS)
    if(NOT TARGET wscluster::${dependency})
      message(FATAL_ERROR "${M_NAME} may not use ${dependency}: it comes later in lib/CMakeLists.txt")
    endif()
  endforeach()
  add_library(wscluster_${M_NAME} STATIC ${M_SOURCES})
  add_library(wscluster::${M_NAME} ALIAS wscluster_${M_NAME})
  list(TRANSFORM M_DEPENDS PREPEND wscluster:: OUTPUT_VARIABLE modules)
  target_link_libraries(wscluster_${M_NAME} PUBLIC ${modules} wscluster_headers ${M_EXTERNAL}
                                            PRIVATE $<BUILD_INTERFACE:wscluster_settings>)
  set_target_properties(wscluster_${M_NAME} PROPERTIES EXPORT_NAME ${M_NAME})
  install(TARGETS wscluster_${M_NAME} EXPORT wscluster ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/wscluster)
  set_property(GLOBAL APPEND PROPERTY WSCLUSTER_MODULES ${M_NAME})
  set_property(GLOBAL PROPERTY WSCLUSTER_DEPENDS_${M_NAME} ${M_DEPENDS})
endfunction()
