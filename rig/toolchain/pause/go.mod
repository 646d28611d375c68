module tenantplane/rig/toolchain/pause

go 1.26.0
