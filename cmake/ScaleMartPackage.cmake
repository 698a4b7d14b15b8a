# The .deb: `ninja package_files`, then `cpack`; ./dev package does both. deploy/debian and deploy/systemd have what goes in.
set(out ${CMAKE_BINARY_DIR}/package)
set(scripts ${CMAKE_BINARY_DIR}/debian)

add_custom_target(package_files
  COMMAND ${CMAKE_SOURCE_DIR}/tools/package_files.sh $<TARGET_FILE:scalemart> ${out} ${CMAKE_SOURCE_DIR} ${PROJECT_VERSION}
  COMMENT "Manual pages, completion, example configuration"
  VERBATIM)
add_dependencies(package_files scalemart)

# What a downgrade is measured by.
file(STRINGS ${CMAKE_SOURCE_DIR}/src/backend/embedded/data_folder.hpp SCALEMART_DATA_FORMAT REGEX "kDataFormat = [0-9]+")
string(REGEX REPLACE ".*kDataFormat = ([0-9]+).*" "\\1" SCALEMART_DATA_FORMAT "${SCALEMART_DATA_FORMAT}")
if(NOT SCALEMART_DATA_FORMAT MATCHES "^[0-9]+$")
  message(FATAL_ERROR "src/backend/embedded/data_folder.hpp does not say kDataFormat = NUMBER")
endif()
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/backend/embedded/data_folder.hpp)
foreach(script preinst postinst prerm postrm)
  configure_file(${CMAKE_SOURCE_DIR}/deploy/debian/${script}.in ${scripts}/${script} @ONLY
    FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endforeach()
file(WRITE ${scripts}/conffiles "/etc/scalemart/scalemart.toml\n")

set(directory_mode OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
install(TARGETS scalemart DESTINATION /usr/bin)
install(DIRECTORY ${out}/man1/ DESTINATION /usr/share/man/man1)
install(DIRECTORY ${out}/man5/ DESTINATION /usr/share/man/man5)
install(FILES ${out}/scalemart.bash DESTINATION /usr/share/bash-completion/completions RENAME scalemart)
install(FILES ${out}/_scalemart DESTINATION /usr/share/zsh/vendor-completions)
install(FILES ${out}/scalemart.fish DESTINATION /usr/share/fish/vendor_completions.d)
install(FILES ${out}/scalemart.toml DESTINATION /etc/scalemart)
install(DIRECTORY DESTINATION /etc/scalemart/secrets DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
install(FILES deploy/systemd/scalemart.service deploy/systemd/scalemart.socket deploy/systemd/scalemart-worker@.service
        DESTINATION /lib/systemd/system)
install(DIRECTORY ${out}/doc/ DESTINATION /usr/share/doc/scalemart)
install(FILES deploy/debian/copyright DESTINATION /usr/share/doc/scalemart)
install(FILES deploy/debian/lintian-overrides DESTINATION /usr/share/lintian/overrides RENAME scalemart)
# For whoever watches it and balances over it.
foreach(folder prometheus grafana haproxy)
  install(DIRECTORY deploy/${folder} DESTINATION /usr/share/scalemart OPTIONAL)
endforeach()

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME scalemart)
set(CPACK_PACKAGE_VENDOR ScaleMart)
set(CPACK_PACKAGE_CONTACT "ScaleMart <maintainers@scalemart.invalid>")
set(CPACK_PACKAGE_DIRECTORY ${CMAKE_BINARY_DIR})
set(CPACK_SET_DESTDIR ON) # /etc and /lib are no part of a prefix
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS ${directory_mode})
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "haproxy, prometheus")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "flash-sale shop that sells every unit exactly once")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"ScaleMart sells a limited stock to a crowd that arrives in the same second, and
can prove that no unit was sold twice: stock change, order, queue entry and
idempotent answer are one record, durable before a buyer hears yes.
.
One program: API, storefront, console, ledger and workers. Several of them
share a sale over PostgreSQL or MongoDB and Redis.")
foreach(script preinst postinst prerm postrm conffiles)
  list(APPEND CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${scripts}/${script})
endforeach()
include(CPack)
