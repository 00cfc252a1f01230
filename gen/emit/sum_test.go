package emit

import (
	"bytes"
	"strings"
	"testing"
)

func TestCheckSum(t *testing.T) {
	file := string(appendSum([]byte("package p\n")))
	last := file[strings.LastIndex(file[:len(file)-1], "\n")+1:]
	for _, c := range []struct {
		name, content string
		ok, present   bool
	}{
		{"as written", file, true, true},
		{"CR LF", strings.ReplaceAll(file, "\n", "\r\n"), true, true},
		{"a byte changed", strings.Replace(file, "p\n", "q\n", 1), false, true},
		{"a blank added", "\n" + file, false, true},
		{"something behind the sum", file + "\nfunc f() {}\n", false, true},
		{"an empty line behind the sum", file + "\n", false, true},
		{"no line feed at the end", strings.TrimSuffix(file, "\n"), false, true},
		{"another sum", file[:len(file)-5] + "0000\n", false, true},
		{"no sum", "package p\n", false, false},
		{"sum cut off", strings.TrimSuffix(file, last), false, false},
		{"nothing", "", false, false},
		{"a sum in a comment", "package p\n\n// x // iotcs-gen:sum 00\n", false, false},
		{"an earlier line like a sum", string(appendSum([]byte("package p\n\n// iotcs-gen:sum 00\n"))), true, true},
		{"only a sum", "// iotcs-gen:sum " + sum(nil) + "\n", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if ok, present := CheckSum([]byte(c.content)); ok != c.ok || present != c.present {
				t.Errorf("got %v, %v; want %v, %v", ok, present, c.ok, c.present)
			}
		})
	}
}

func TestCheckSumKeepsItsArgument(t *testing.T) {
	file := bytes.ReplaceAll(appendSum([]byte("package p\n")), []byte("\n"), []byte("\r\n"))
	before := bytes.Clone(file)
	CheckSum(file)
	if !bytes.Equal(before, file) {
		t.Error("the content was changed")
	}
}
