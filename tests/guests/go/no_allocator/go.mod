module example.com/no-allocator

go 1.24
