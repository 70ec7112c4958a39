install(TARGETS graphsieve_kernels graphsieve_ops graphsieve_data graphsieve graphsieve_flags EXPORT graphsieveTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
