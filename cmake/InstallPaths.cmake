# Where a daemon's files go is settled when it is installed, for `cmake --install --prefix`
# may name another prefix than the one that was configured.
#
# ITGTD_INSTALL_PATHS: code for install(CODE) that sets prefix, sbindir and etc, all absolute
# and without DESTDIR. The prefix /usr has its configuration in /etc.
set(ITGTD_INSTALL_PATHS "
  set(prefix \"\${CMAKE_INSTALL_PREFIX}\")
  set(sbindir \"${CMAKE_INSTALL_SBINDIR}\")
  set(etc \"${CMAKE_INSTALL_SYSCONFDIR}\")
  cmake_path(ABSOLUTE_PATH sbindir BASE_DIRECTORY \"\${prefix}\" NORMALIZE)
  if(prefix MATCHES \"^/(usr/?)?$\")
    set(base \"/\")
  else()
    set(base \"\${prefix}\")
  endif()
  cmake_path(ABSOLUTE_PATH etc BASE_DIRECTORY \"\${base}\" NORMALIZE)
")
