# The Debian package: `cpack` in a build directory makes itgtd_VERSION_ARCH.deb there. It is
# what is installed with the prefix /usr, and what package/ adds. The test system_package
# builds it and asks lintian.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME itgtd)
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)

# Files go where they will be, below a directory: the configuration is outside the prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(ITGTD_PACKAGE_FILES ${CMAKE_CURRENT_SOURCE_DIR}/package)
set(CPACK_PRE_BUILD_SCRIPTS ${ITGTD_PACKAGE_FILES}/stage.cmake)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "itgtd developers <developers@itgtd.org>")
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "iSCSI target in user space")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "It lends files, block devices and memory to any iSCSI initiator (Linux,
Windows, ESXi, FreeBSD, QEMU, iPXE) as disks: no kernel module, no root,
one process. For lab and test storage, for CI, and as a service with a
configuration file.
.
itgtctl changes and shows what runs; itgt-dvt proves what any target
negotiates.")
# What its maintainer scripts call. Where systemd is not, as in containers, the standalone
# programs make the user and the directories.
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS open-iscsi)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${ITGTD_PACKAGE_FILES}/conffiles ${ITGTD_PACKAGE_FILES}/postinst ${ITGTD_PACKAGE_FILES}/prerm
    ${ITGTD_PACKAGE_FILES}/postrm)
include(CPack)
