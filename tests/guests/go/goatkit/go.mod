module example.com/goatkit

go 1.24
