module example.com/crooked

go 1.25.0

require example.com/theirs v0.0.0

replace example.com/theirs => ../theirs
