package plan

import (
	"go/token"
	"slices"
	"strings"
	"testing"

	"github.com/iotcs-go/iotcs/gen/lock"
)

func TestExported(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"humidity", "Humidity"},
		{"maxThreshold", "MaxThreshold"},
		{"left-front-door", "LeftFrontDoor"},
		{"left_front_door_status", "LeftFrontDoorStatus"},
		{"ora_obd2_number_of_dtcs", "OraObd2NumberOfDtcs"},
		{"Destination_Longitude", "DestinationLongitude"},
		{"ESC", "ESC"},
		{"deviceId", "DeviceId"},
		{"iPhone", "IPhone"},
		{"a.b", "AB"},
		{"a..b--c__d", "ABCD"},
		{"-a-", "A"},
		{"3phase", "X3phase"},
		{"3", "X3"},
		{"_3", "X3"},
		{"a3b", "A3b"},
		{"größe", "Größe"},
		{"éclairage", "Éclairage"},
		{"e\u0301tat", "ETat"}, // a combining accent is no letter
		{"ßtraße", "Xßtraße"},
		{"ŉ", "Xŉ"}, // lower case without an upper case of one character
		{"ǆ", "Ǆ"},  // its title case would not be exported
		{"температура", "Температура"},
		{"温度", "X温度"},
		{"室温-2", "X室温2"},
		{"درجة", "Xدرجة"},
		{"٣", "X٣"},
		{"ªb", "Xªb"},
		{"func", "Func"},
		{"😀", ""},
		{"😀ok😀", "Ok"},
		{"---", ""},
		{"_", ""},
		{"", ""},
		{"\xff\xfe", ""},
		{"a\xffb", "AB"},
		{"a\u2028b", "AB"},
		{"*/ func init() {}", "FuncInit"},
	} {
		got := exported(words(c.name))
		if got != c.want {
			t.Errorf("%q is %q, want %q", c.name, got, c.want)
		}
		if got != "" && (!token.IsIdentifier(got) || !token.IsExported(got)) {
			t.Errorf("%q is %q, which is no exported name", c.name, got)
		}
	}
}

func TestUnexported(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"humidity", "humidity"},
		{"MaxThreshold", "maxThreshold"},
		{"left-front-door", "leftFrontDoor"},
		{"ESC", "esc"},
		{"URLPath", "urlPath"},
		{"ID", "id"},
		{"X", "x"},
		{"3phase", "x3phase"},
		{"Éclairage", "éclairage"},
		{"温度", "温度"},
		{"", "value"},
		{"range", "rangeValue"},
		{"type", "typeValue"},
		{"string", "stringValue"},
		{"new", "newValue"},
		{"ctx", "ctxValue"},
		{"time", "timeValue"},
		{"device", "deviceValue"},
		{"data", "dataValue"},
		{"ϒ", "xϒ"}, // upper case without a lower case
	} {
		got := unexported(words(c.name), reservedParam)
		if got != c.want {
			t.Errorf("%q is %q, want %q", c.name, got, c.want)
		}
		if !token.IsIdentifier(got) || token.IsExported(got) {
			t.Errorf("%q is %q, which is no parameter name", c.name, got)
		}
	}
}

func TestReceiver(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"HumiditySensor", "s"}, {"Pump", "p"}, {"Vehicle", "ve"}, {"V", "t"}, {"V2", "t"}, {"X温度", "x"}, {"Écran", "t"}, {"Bmw7s3",
			"b"}, {"A", "a"},
		{"Sensor温度", "s"},
	} {
		if got := receiver(c.name); got != c.want {
			t.Errorf("receiver of %s is %q, want %q", c.name, got, c.want)
		}
	}
}

func TestFormatNames(t *testing.T) {
	const model = "urn:com:acme:pump"
	for _, c := range []struct {
		name, urn, display string
		kind               Kind
		want               string
	}{
		{"after the model's URN", model + ":too_hot", "Overheat", Alert, "TooHot"},
		{"several segments", model + ":motor:too_hot", "", Alert, "MotorTooHot"},
		{"the word alert in front", model + ":alert:unabletoconnect", "", Alert, "Unabletoconnect"},
		{"the word alert behind", model + ":tooHotAlert", "", Alert, "TooHot"},
		{"nothing but the word alert", model + ":alert", "", Alert, "Alert"},
		{"twice nothing but the word alert", model + ":alert:alert", "", Alert, "Alert"},
		{"the word alert in custom data", model + ":alert:log", "", Data, "AlertLog"},
		{"the word data", model + ":log_data", "", Data, "Log"},
		{"elsewhere: the display name", "urn:elsewhere:a", "Over Heat", Alert, "OverHeat"},
		{"elsewhere: a sentence", "urn:elsewhere:a", "one two three four five six seven eight nine", Alert,
			"OneTwoThreeFourFiveSixSevenEight"},
		{"the model's URN without a colon", model + "-sensors", "Sensors", Data, "Sensors"},
		{"no display name: the last segment", "urn:elsewhere:over_heat", "!!!", Alert, "OverHeat"},
		{"after the model's URN only signs", model + ":--", "Over Heat", Alert, "OverHeat"},
		{"nothing at all", "urn:elsewhere:--", "", Alert, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := exported(formatWords(model, c.urn, c.display, c.kind)); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestListsAreSorted(t *testing.T) {
	if !slices.IsSorted(predeclared) {
		t.Error("predeclared is searched by halves: sort it")
	}
	for _, name := range reservedPackages {
		if packagePart(name) != name || !token.IsIdentifier(name) {
			t.Errorf("%q could be no package name anyway", name)
		}
	}
}

// The table in the package documentation is what claims gives.
func TestClaims(t *testing.T) {
	for _, c := range []struct {
		kind lock.Kind
		want string
	}{
		{lock.Type, "package X"},
		{lock.Attribute, "type X, type SetX, type OfferX, type OnX, type OnXError, update X, package XMin, package XMax"},
		{lock.Action, "actions X, package XArgs"},
		{lock.Alert, "type NewXAlert, package XAlert, package XFields"},
		{lock.Data, "type NewXData, package XData, package XDataFields"},
		{lock.Field, "builder X"},
		{lock.Argument, "struct X"},
	} {
		names := map[scope]string{inType: "type", inUpdate: "update", inBuilder: "builder", inActions: "actions",
			inPackage: "package", inStruct: "struct"}
		var got []string
		for _, claim := range claims(c.kind, "X") {
			got = append(got, names[claim.scope]+" "+claim.name)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s claims %s, want %s", c.kind, s, c.want)
		}
	}
}
