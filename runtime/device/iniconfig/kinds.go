package iniconfig

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/iotcs-go/iotcs/runtime/device"
)

// text is a key whose value is taken as it is; empty means not set.
func text(section, name string, option func(string) device.Option) key {
	return key{section, name, func(text string, _ *settings) (device.Option, string, error) {
		if text == "" {
			return nil, "", nil
		}
		return option(text), "", nil
	}, "write a text"}
}

// path is a key that names a folder; empty means off.
func path(section, name string, option func(string) device.Option) key {
	k := text(section, name, option)
	k.remedy = "write the name of a folder"
	return k
}

// address is a key that makes one option together with another key.
func address(section, name string, set func(*settings, string)) key {
	return key{section, name, func(text string, s *settings) (device.Option, string, error) {
		if text != "" {
			set(s, text)
			s.addressed = true
		}
		return nil, "", nil
	}, "write an address"}
}

// parseBool takes what Python's getboolean takes.
func parseBool(text string) (bool, error) {
	switch strings.ToLower(text) {
	case "1", "yes", "true", "on":
		return true, nil
	case "0", "no", "false", "off":
		return false, nil
	}
	return false, errors.New("that is neither true nor false")
}

const boolRemedy = "write True or False"

func boolean(section, name string, option func(bool) device.Option) key {
	return key{section, name, func(text string, _ *settings) (device.Option, string, error) {
		on, err := parseBool(text)
		if err != nil {
			return nil, "", err
		}
		return option(on), "", nil
	}, boolRemedy}
}

// not is a boolean key for an option that means the contrary.
func not(section, name string, option func(bool) device.Option) key {
	return boolean(section, name, func(on bool) device.Option { return option(!on) })
}

// flag is a boolean key for an option without value.
func flag(section, name string, option func() device.Option) key {
	return boolean(section, name, func(on bool) device.Option {
		if !on {
			return nil
		}
		return option()
	})
}

// refused is a boolean key that must not be true.
func refused(section, name, problem, remedy string) key {
	return key{section, name, func(text string, _ *settings) (device.Option, string, error) {
		on, err := parseBool(text)
		if err == nil && on {
			err = errors.New(problem)
		}
		return nil, "", err
	}, remedy + ", or write False"}
}

// fixed is a key that has one value only.
func fixed(section, name, value, problem string) key {
	return key{section, name, func(text string, _ *settings) (device.Option, string, error) {
		if text != "" && text != value {
			return nil, "", errors.New(problem)
		}
		return nil, "", nil
	}, fmt.Sprintf("rename the files and write %s, or remove the line", value)}
}

// unused is a key of whole numbers that has no effect here.
func unused(section, name string, least, most int64, note string) key {
	return key{section, name, func(text string, _ *settings) (device.Option, string, error) {
		_, err := parseInteger(text, least, most)
		return nil, note, err
	}, rangeRemedy(least, most, "")}
}

func parseInteger(text string, least, most int64) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, errors.New("that is no whole number")
	}
	if n < least || n > most {
		return 0, fmt.Errorf("the number is not in the range from %d to %d", least, most)
	}
	return n, nil
}

func rangeRemedy(least, most int64, unit string) string {
	return fmt.Sprintf("write a whole number from %d to %d%s", least, most, unit)
}

// number is a key of whole numbers without unit. int has 32 bits on some machines.
func number(section, name string, least int64, option func(int) device.Option) key {
	const most = math.MaxInt32
	return key{section, name, func(text string, _ *settings) (device.Option, string, error) {
		n, err := parseInteger(text, least, most)
		if err != nil {
			return nil, "", err
		}
		return option(int(n)), "", nil
	}, rangeRemedy(least, most, "")}
}

// milliseconds is a key of times in milliseconds, of up to a day.
func milliseconds(section, name string, least int64, option func(time.Duration) device.Option) key {
	return duration(section, name, least, (24 * time.Hour).Milliseconds(), time.Millisecond, " (milliseconds)", option)
}

// seconds is a key of times in seconds, of up to a year.
func seconds(section, name string, least int64, option func(time.Duration) device.Option) key {
	return duration(section, name, least, 366*24*60*60, time.Second, " (seconds)", option)
}

func duration(section, name string, least, most int64, unit time.Duration, unitText string, option func(time.Duration) device.Option) key {
	return key{section, name, func(text string, _ *settings) (device.Option, string, error) {
		n, err := parseInteger(text, least, most)
		if err != nil {
			return nil, "", err
		}
		return option(time.Duration(n) * unit), "", nil
	}, rangeRemedy(least, most, unitText)}
}
