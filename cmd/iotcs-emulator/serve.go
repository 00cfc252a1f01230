package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/gen/source"
	"github.com/iotcs-go/iotcs/internal/secrets"
)

const serveUsage = name + " serve [--listen localhost:8443] [--data DIR] [--seed DIR] [--user U --password-file F] [--ready-file F] [--no-key-cache] [--fault RULE]... [--verbose]"

func (p *program) serveCommand() *cli.Command {
	c := &cli.Command{
		Name:  "serve",
		Usage: "serve until interrupted",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "listen", Value: "localhost:8443", Usage: "`address` with port; localhost means 127.0.0.1 and ::1, port 0 one that is free"},
			&cli.StringFlag{Name: "data", Usage: "keep the state in the `folder`; in memory without it"},
			&cli.StringFlag{Name: "seed", Usage: "add the device models of the `folder` that are not there yet"},
			&cli.StringFlag{Name: "user", Usage: "`name` for management calls (default: " + emulator.DefaultUser + ")"},
			&cli.StringFlag{Name: "password-file", Usage: "`file` with the user's password, else " + passwordVariable + ", else a random one"},
			&cli.StringFlag{Name: "ready-file", Usage: "`file` that is there while the emulator is ready"},
			&cli.BoolFlag{Name: "no-key-cache", Usage: "do not keep the certificate authority in the cache folder"},
			&cli.StringSliceFlag{Name: "fault", Usage: "let something go wrong by the `rule`, such as status=503,retry-after=2s,route=messages,p=0.02,seed=7"},
			&cli.BoolFlag{Name: "verbose", Usage: "log what happens, not only what goes wrong"},
		},
	}
	return command(c, serveUsage, false, func(c *cli.Context) error {
		if err := none(c); err != nil {
			return err
		}
		return p.serve(serveConfig{
			listen: c.String("listen"), data: c.String("data"), seed: c.String("seed"), user: c.String("user"), passwordFile: c.String("password-file"),
			readyFile: c.String("ready-file"), noKeyCache: c.Bool("no-key-cache"), verbose: c.Bool("verbose"),
			faults: c.StringSlice("fault"),
		})
	})
}

// serveConfig says how to serve; exec fills it in too.
type serveConfig struct {
	listen, data, seed            string
	user, passwordFile, readyFile string
	noKeyCache, verbose           bool
	faults                        []string // rules
}

// serve prints where it is and serves until a signal comes.
func (p *program) serve(config serveConfig) error {
	s, err := p.startService(config)
	if err != nil {
		return err
	}
	if _, err := p.stdout.Write(s.announced.info.line()); err != nil {
		return errors.Join(fmt.Errorf("standard output: %w", err), s.stop())
	}
	select {
	case <-p.signals:
	case <-s.ended:
	}
	return s.stop()
}

// service is an emulator that serves.
type service struct {
	emulator  *emulator.Server
	announced *announcement
	cancel    context.CancelFunc
	ended     chan struct{} // closed when it does not serve any more
	err       error         // of serving
	stopOnce  sync.Once
	stopErr   error
}

// startService makes everything ready: when it returns, clients may come.
func (p *program) startService(config serveConfig) (_ *service, err error) {
	readyPath, err := p.readyFile(config.readyFile)
	if err != nil {
		return nil, err
	}
	opts, info, err := p.emulatorOptions(config)
	if err != nil {
		return nil, err
	}
	models, err := p.readModels(config.seed)
	if err != nil {
		return nil, err
	}
	listener, err := emulator.Listen(config.listen)
	if err != nil {
		return nil, err
	}
	server, err := emulator.New(opts...)
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &service{emulator: server, cancel: cancel, ended: make(chan struct{})}
	go func() {
		defer close(s.ended)
		s.err = server.Serve(ctx, listener)
	}()
	defer func() {
		if err != nil {
			err = errors.Join(err, s.stop())
		}
	}()
	if err := seed(server, models); err != nil {
		return nil, err
	}
	info.URL, info.User = "https://"+displayAddress(config.listen, listener.Addr()), server.User()
	s.announced, err = announce(readyPath, info, server.RootPEM(), []byte(server.Password()))
	return s, err
}

// stop ends the service and gives the error of serving, if there was one.
func (s *service) stop() error {
	s.stopOnce.Do(func() {
		s.cancel()
		<-s.ended
		closed := s.emulator.Close(context.Background()) // was closed by Serve, unless that failed
		s.stopErr = errors.Join(s.err, closed)
		if s.announced != nil {
			s.stopErr = errors.Join(s.stopErr, s.announced.withdraw())
		}
	})
	return s.stopErr
}

// emulatorOptions turns the flags into options of the emulator.
func (p *program) emulatorOptions(config serveConfig) (opts []emulator.Option, info readyInfo, err error) {
	level := slog.LevelWarn
	if config.verbose {
		level = slog.LevelInfo
	}
	opts = append(opts, emulator.WithLogger(slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: level}))))
	for _, rule := range config.faults {
		fault, err := emulator.ParseFault(rule)
		if err != nil {
			return nil, info, &usageError{text: fmt.Sprintf("--fault %s: %v", rule, err)}
		}
		opts = append(opts, emulator.WithFaults(fault))
	}
	if config.data != "" {
		opts = append(opts, emulator.WithDataDir(p.absolute(config.data)))
	}
	if !config.noKeyCache {
		dir, err := p.cacheFolder()
		if err != nil {
			return nil, info, fmt.Errorf("no place for the keys: %w; give --no-key-cache", err)
		}
		opts = append(opts, emulator.WithKeyCache(dir))
	}
	password := p.env(passwordVariable)
	if config.passwordFile != "" {
		info.PasswordFile = p.absolute(config.passwordFile)
		line, err := secrets.ReadLine(info.PasswordFile, "the password")
		if err != nil {
			return nil, info, err
		}
		password = string(line)
	}
	hosts, open, err := reach(config.listen)
	if err != nil {
		return nil, info, err
	}
	if open && (config.user == "" || password == "") {
		return nil, info, &usageError{text: fmt.Sprintf("--listen %s is not only for this machine: give --user and --password-file", config.listen)}
	}
	opts = append(opts, emulator.WithHosts(hosts...))
	switch {
	case password != "":
		user := config.user
		if user == "" {
			user = emulator.DefaultUser
		}
		opts = append(opts, emulator.WithUser(user, password))
	case config.user != "":
		return nil, info, &usageError{text: "--user needs --password-file or " + passwordVariable}
	}
	return opts, info, nil
}

// reach tells under which names others than this machine may reach a listening address; open is whether they can.
func reach(listen string) (hosts []string, open bool, err error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, false, &usageError{text: fmt.Sprintf("--listen %s: give an address with a port, such as localhost:8443", listen)}
	}
	ip := net.ParseIP(host)
	switch {
	case host == "localhost", ip != nil && ip.IsLoopback():
		return nil, false, nil
	case host != "" && (ip == nil || !ip.IsUnspecified()):
		return []string{host}, true, nil
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, true, fmt.Errorf("the addresses of this machine: %w", err)
	}
	for _, address := range addresses {
		if network, ok := address.(*net.IPNet); ok {
			hosts = append(hosts, network.IP.String())
		}
	}
	if machine, err := os.Hostname(); err == nil && machine != "" && !strings.ContainsAny(machine, "/: ") {
		hosts = append(hosts, machine)
	}
	return hosts, true, nil
}

// displayAddress is the address for people and clients: the name that was asked for, with the port that was found.
func displayAddress(listen string, addr net.Addr) string {
	host, _, _ := net.SplitHostPort(listen) // was checked
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// readModels reads the device models of a folder.
func (p *program) readModels(folder string) ([]source.File, error) {
	if folder == "" {
		return nil, nil
	}
	set, err := source.Read(context.Background(), p.dir, []string{filepath.Clean(folder)})
	if err != nil {
		return nil, err
	}
	for _, problem := range set.Problems {
		return nil, fmt.Errorf("--seed: %w", problem)
	}
	return set.Files, nil
}

// seed adds device models that are not there yet.
func seed(server *emulator.Server, models []source.File) error {
	for _, file := range models {
		_, err := server.AddModel(file.Data)
		var problem *emulator.Problem
		if err != nil && (!errors.As(err, &problem) || problem.Status != statusConflict) {
			return fmt.Errorf("--seed: %s: %w", file.Path, err)
		}
	}
	return nil
}
