package wire

import "strings"

// resourcesReport reads the payload, whose report is wrapped into a typed value
// (docs/protocol/messages.md §7.3).
func (d *decoder) resourcesReport(r *ResourcesReport) (absent Members) {
	start, ok := d.begin(CodeOther)
	if !ok {
		return 0
	}
	const known = memberType | memberValue
	var given memberState
	for member, ok := d.next(true, known, &given); ok; member, ok = d.next(false, known, &given) {
		switch member {
		case memberType:
			enum(d, CodeOther, ErrUnknownValue, parsePayloadType)
		case memberValue:
			absent = d.reportValue(r)
		}
	}
	if d.err == nil && !given.values.Has(memberValue) {
		d.missing(start, memberValue, CodeOther)
	}
	return absent
}

func parsePayloadType(text string) (string, bool) { return text, text == "JSON" }

func (d *decoder) reportValue(r *ResourcesReport) (absent Members) {
	if _, ok := d.begin(CodeOther); !ok {
		return 0
	}
	const told = MemberReportType | MemberEndpointName | MemberResources
	var given memberState
	for member, ok := d.next(true, told|memberMark, &given); ok; member, ok = d.next(false, told|memberMark, &given) {
		switch member {
		case MemberReportType:
			r.ReportType = enum(d, CodeOther, ErrUnknownValue, ParseReportType)
		case MemberEndpointName:
			r.EndpointName = d.string(CodeOther)
		case memberMark:
			r.ReconciliationMark = d.string(CodeOther)
		case MemberResources:
			r.Resources = d.resources()
		}
	}
	return given.absent(told)
}

func (d *decoder) resources() []Resource {
	if d.peek() != '[' {
		d.wrong(CodeOther)
		return nil
	}
	if !d.open() {
		return nil
	}
	var resources []Resource
	for ok := d.element(true); ok; ok = d.element(false) {
		resources = append(resources, d.resource())
	}
	return resources
}

func (d *decoder) resource() (r Resource) {
	if _, ok := d.begin(CodeOther); !ok {
		return r
	}
	const known = MemberEndpointName | memberName | memberPath | memberStatus | memberMethods
	var given memberState
	for member, ok := d.next(true, known, &given); ok; member, ok = d.next(false, known, &given) {
		switch member {
		case MemberEndpointName:
			r.EndpointName = d.string(CodeOther)
		case memberName:
			r.Name = d.string(CodeOther)
		case memberPath:
			r.Path = d.string(CodeOther)
		case memberStatus:
			// Absent is ADDED, any other text REMOVED: so the clients read it.
			r.Removed = d.string(CodeOther) != "ADDED"
		case memberMethods:
			r.Methods = methods(d.string(CodeOther))
		}
	}
	return r
}

// methods reads names joined by commas.
func methods(text string) []string {
	var names []string
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, uppered(name))
		}
	}
	return names
}
