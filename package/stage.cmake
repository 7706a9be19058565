# What Debian wants otherwise than an installation by hand has it: run by cpack when all
# files are below CPACK_TEMPORARY_INSTALL_DIRECTORY, before they become the package.
set(root "${CPACK_TEMPORARY_INSTALL_DIRECTORY}")
set(doc "${root}/usr/share/doc/${CPACK_PACKAGE_NAME}")

# Units belong below /lib until /lib is /usr/lib for everybody.
file(MAKE_DIRECTORY "${root}/lib")
file(RENAME "${root}/usr/lib/systemd" "${root}/lib/systemd")

file(REMOVE "${doc}/LICENSE") # copyright says it
file(COPY_FILE "${CMAKE_CURRENT_LIST_DIR}/copyright" "${doc}/copyright")
file(COPY_FILE "${CMAKE_CURRENT_LIST_DIR}/changelog" "${doc}/changelog.Debian")

file(GLOB_RECURSE manuals "${root}/usr/share/man/*")
execute_process(COMMAND gzip -9n ${manuals} "${doc}/changelog.Debian" COMMAND_ERROR_IS_FATAL ANY)
