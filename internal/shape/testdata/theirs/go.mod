module example.com/theirs

go 1.25.0
