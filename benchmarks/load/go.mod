module tenantplane.dev/load

go 1.26
