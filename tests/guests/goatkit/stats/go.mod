module example.org/acme-stats

go 1.24
