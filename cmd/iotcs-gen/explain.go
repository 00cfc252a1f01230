package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/iotcs-go/iotcs/gen"
)

func (p *program) explainCommand() *cli.Command {
	return &cli.Command{
		Name:        "explain",
		Usage:       "explain a rule that a finding names",
		ArgsUsage:   "RULE",
		Description: "RULE is the word in parentheses at the end of a finding, such as M06, in any letter case.",
		Action:      p.explain,
	}
}

func (p *program) explain(c *cli.Context) error {
	if c.NArg() != 1 {
		var ids []string
		for _, r := range gen.Rules() {
			ids = append(ids, r.ID)
		}
		return errors.New("name one rule to explain: " + strings.Join(ids, ", "))
	}
	name := c.Args().First()
	rule, near, ok := gen.Explain(name)
	if !ok {
		return fmt.Errorf("there is no rule %q; %s", name, didYouMean(near, "iotcs-gen explain lists them"))
	}
	_, err := fmt.Fprintf(p.stdout, "%s: %s\n\n%s\n\nExample:\n\n\t%s\n", rule.ID, rule.Title, rule.Explanation, strings.ReplaceAll(rule.Example, "\n", "\n\t"))
	return err
}
