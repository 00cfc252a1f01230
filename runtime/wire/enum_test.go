package wire

import (
	"fmt"
	"testing"
)

func TestEnumNames(t *testing.T) {
	testNames(t, ParseMessageType, map[MessageType]string{
		TypeData: "DATA", TypeAlert: "ALERT", TypeRequest: "REQUEST", TypeResponse: "RESPONSE",
		TypeResourcesReport: "RESOURCES_REPORT",
	})
	testNames(t, ParsePriority, map[Priority]string{
		Lowest: "LOWEST", Low: "LOW", Medium: "MEDIUM", High: "HIGH", Highest: "HIGHEST",
	})
	testNames(t, ParseReliability, map[Reliability]string{
		NoGuarantee: "NO_GUARANTEE", BestEffort: "BEST_EFFORT", GuaranteedDelivery: "GUARANTEED_DELIVERY",
	})
	testNames(t, ParseSeverity, map[Severity]string{
		SeverityLow: "LOW", SeverityNormal: "NORMAL", SeveritySignificant: "SIGNIFICANT", SeverityCritical: "CRITICAL",
	})
	testNames(t, ParseReportType, map[ReportType]string{
		ReportUpdate: "UPDATE", ReportDelete: "DELETE", ReportReconciliation: "RECONCILIATION",
	})
}

func testNames[T interface {
	~uint8
	fmt.Stringer
}](t *testing.T, parse func(string) (T, bool), names map[T]string) {
	t.Helper()
	for value, name := range names {
		if got := value.String(); got != name {
			t.Errorf("%T(%d).String() = %q, want %q", value, uint8(value), got, name)
		}
		if got, ok := parse(name); got != value || !ok {
			t.Errorf("parse(%q) = %d, %v", name, uint8(got), ok)
		}
	}
	for i := range 256 {
		value := T(i)
		if _, known := names[value]; known {
			continue
		}
		if want := fmt.Sprintf("%T(%d)", value, i)[len("wire."):]; value.String() != want {
			t.Errorf("%T(%d).String() = %q, want %q", value, i, value.String(), want)
		}
		if _, ok := parse(value.String()); ok {
			t.Errorf("parse takes %q", value)
		}
	}
	for _, text := range []string{"", "low", "LOW ", "data", "WAKEUP", "UPDATE_BUNDLE", "RESPONSE_WAIT"} {
		if got, ok := parse(text); ok {
			t.Errorf("parse(%q) = %d", text, uint8(got))
		}
	}
}

func TestJavaReaderNameOfResourcesReport(t *testing.T) {
	if got, ok := ParseMessageType("RESOURCE"); got != TypeResourcesReport || !ok {
		t.Errorf("ParseMessageType(RESOURCE) = %v, %v", got, ok)
	}
}

// The numbers are in the contract of other packages: queues order by them.
func TestEnumOrder(t *testing.T) {
	if Lowest != 0 || Highest != 4 || NoGuarantee != 0 || GuaranteedDelivery != 2 {
		t.Error("numbers of priority or reliability changed")
	}
	if !(SeverityLow < SeverityNormal && SeverityNormal < SeveritySignificant && SeveritySignificant < SeverityCritical) {
		t.Error("severities out of order")
	}
}

func TestNamesForLogs(t *testing.T) {
	for want, got := range map[string]fmt.Stringer{
		"NONE": KindNone, "INTEGER": KindInteger, "NUMBER": KindNumber, "BOOLEAN": KindBoolean,
		"DATETIME": KindDateTime, "STRING": KindString, "URI": KindURI, "Kind(9)": Kind(9),
		"null": ScalarNull, "boolean": ScalarBoolean, "number": ScalarNumber, "string": ScalarString,
		"array or object": ScalarComposite, "ScalarKind(9)": ScalarKind(9),
		"": Members(0), "id": MemberID, "source,eventTime,resources": MemberSource | MemberEventTime | MemberResources,
	} {
		if got.String() != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}

func TestMembersHaveNames(t *testing.T) {
	seen := make(map[string]bool)
	for m := MemberID; m <= memberMethods; m <<= 1 {
		name := m.String()
		if name == "" || seen[name] || memberOf(name) != m {
			t.Errorf("member %#x has the name %q", uint64(m), name)
		}
		seen[name] = true
	}
	if past := memberMethods << 1; past.String() != "" || memberOf("links") != 0 {
		t.Errorf("names beyond the last member: %q", past)
	}
}
