# What the project stands on; ARCHITECTURE.md says why each.

find_package(PkgConfig REQUIRED)
pkg_check_modules(CONFUSE REQUIRED IMPORTED_TARGET libconfuse)
pkg_check_modules(ISAL REQUIRED IMPORTED_TARGET libisal)
pkg_check_modules(CRYPTO REQUIRED IMPORTED_TARGET libcrypto)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(NCURSES REQUIRED IMPORTED_TARGET ncursesw)
pkg_check_modules(IDN REQUIRED IMPORTED_TARGET libidn)
pkg_check_modules(SYSTEMD IMPORTED_TARGET libsystemd)

# libev and libaio ship no pkg-config file.
function(itgtd_find_library target header library)
  find_path(${target}_INCLUDE ${header} REQUIRED)
  find_library(${target}_LIBRARY ${library} REQUIRED)
  add_library(${target} INTERFACE IMPORTED)
  target_include_directories(${target} SYSTEM INTERFACE ${${target}_INCLUDE})
  target_link_libraries(${target} INTERFACE ${${target}_LIBRARY})
endfunction()
itgtd_find_library(ev ev.h ev)
itgtd_find_library(aio libaio.h aio)
if(BUILD_TESTING)
  itgtd_find_library(cunit CUnit/CUnit.h cunit)
endif()
