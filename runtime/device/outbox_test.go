package device_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/outbox"
	"github.com/iotcs-go/iotcs/runtime/outbox/outboxtest"
	"github.com/iotcs-go/iotcs/runtime/trust"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

// stored opens a device with an outbox on a simulated disk, and binds a plant.
func (c *cloud) stored(assets trust.Assets, disk outbox.Disk, opts ...device.Option) (*device.Device, device.Binding) {
	c.t.Helper()
	d := c.open(assets, append([]device.Option{device.WithOutbox("outbox"), device.WithOutboxDisk(disk)}, opts...)...)
	b, err := device.Bind(d, d.EndpointID(), &plant)
	must(c.t, err)
	return d, b
}

// speeds are the values of attribute speed that the server has, in order.
func (c *cloud) speeds() (got []int) {
	c.t.Helper()
	messages, _, err := c.Messages(0)
	must(c.t, err)
	for _, m := range messages {
		if m.Data == nil {
			continue
		}
		for _, item := range m.Data.Items {
			if n, ok := item.Value.AsNumber(); item.Name == "speed" && ok {
				got = append(got, int(n))
			}
		}
	}
	return got
}

func (c *cloud) expectSpeeds(want ...int) {
	c.t.Helper()
	if got := c.speeds(); !slices.Equal(got, want) {
		c.t.Errorf("the server has %v, want %v", got, want)
	}
}

// TestOutboxOutlivesTheDevice: what could not be sent is counted by Close and sent
// first by the next device, in order and once.
func TestOutboxOutlivesTheDevice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		assets, disk := c.assets("D-1", true, plantURN), outboxtest.NewDisk()
		c.cut(true)
		d, b := c.stored(assets, disk)
		for i := range 3 {
			must(t, b.SetInteger(attrSpeed, int64(i)))
		}
		var left *device.LeftError
		if err := d.Close(t.Context()); !errors.As(err, &left) || left.Stored != 3 || left.Messages != 1 { // a resources report
			t.Errorf("close: %v", err)
		}
		c.cut(false)
		d, b = c.stored(assets, disk)
		must(t, b.SetInteger(attrSpeed, 3))
		must(t, d.Flush(t.Context()))
		must(t, d.Close(t.Context()))
		c.expectSpeeds(0, 1, 2, 3)
		if n := c.Duplicates(); n != 0 {
			t.Errorf("%d duplicates", n)
		}
	})
}

// TestOutboxHasOneUser: a second device on an outbox is refused with a typed error
// until the first one is closed, activated or not.
func TestOutboxHasOneUser(t *testing.T) {
	c := newCloud(t)
	dir := t.TempDir()
	for _, activated := range []bool{false, true} {
		first := c.open(c.assets(fmt.Sprint("A-", activated), activated), device.WithOutbox(dir))
		other := c.assets(fmt.Sprint("B-", activated), true)
		_, err := device.OpenAssets(t.Context(), other, c.options([]device.Option{device.WithOutbox(dir)})...)
		if !errors.Is(err, device.ErrOutboxLocked) || errors.Is(err, device.ErrLocked) || !strings.Contains(err.Error(), dir) {
			t.Errorf("activated %v: %v", activated, err)
		}
		must(t, first.Close(t.Context()))
		must(t, c.open(other, device.WithOutbox(dir)).Close(t.Context()))
	}
}

func TestOutboxThatCannotBeOpened(t *testing.T) {
	c := newCloud(t)
	file := t.TempDir() + "/file"
	must(t, os.WriteFile(file, nil, 0o600))
	for name, o := range map[string][]device.Option{
		"no folder":   {device.WithOutbox("")},
		"a file":      {device.WithOutbox(file)},
		"sync":        {device.WithOutboxSync(7)},
		"no messages": {device.WithOutboxMaxMessages(0)},
		"no bytes":    {device.WithOutboxMaxBytes(-1)},
		"no age":      {device.WithOutboxMaxAge(0)},
	} {
		if d, err := device.OpenAssets(t.Context(), c.assets(name, true), c.options(o)...); err == nil {
			t.Errorf("%s: opened", name)
			must(t, d.Close(t.Context()))
		}
	}
}

// TestWithoutOutbox: there is one warning when the device is opened, and none with
// an outbox.
func TestWithoutOutbox(t *testing.T) {
	for name, tc := range map[string]struct {
		opts []device.Option
		want int
	}{"none": {nil, 1}, "one": {[]device.Option{device.WithOutbox(t.TempDir())}, 0}} {
		t.Run(name, func(t *testing.T) {
			kept := newRecords(slog.LevelWarn)
			c := newCloud(t)
			d := c.open(c.assets("D-1", false), append(tc.opts, device.WithLogger(slog.New(kept)))...)
			must(t, d.Activate(t.Context()))
			must(t, d.Close(t.Context()))
			if got := len(kept.kept.components["outbox"]); got != tc.want {
				t.Errorf("%d warnings, want %d", got, tc.want)
			}
		})
	}
}

// TestFullDiskIsAnError: every way to send says that the disk is full, values stay,
// and nothing that was refused is sent later. What has no caller goes to a hook.
func TestFullDiskIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		disk := outboxtest.NewDisk()
		d, b := c.stored(c.assets("D-1", true, plantURN), disk)
		b.OnIntegerChange(attrTarget, device.Accept)
		speed := func(n int64) *wire.Message {
			return device.DataMessage(plantURN+":attributes", wire.Item{Name: "speed", Value: wire.IntegerValue(n)})
		}
		time.Sleep(time.Minute) // it is known that there is no policy
		var hooked []device.DeliveryError
		b.Virtual().OnError(func(e device.DeliveryError) { hooked = append(hooked, e) })
		disk.SetFree(20)
		for name, send := range map[string]func() error{
			"set":    func() error { return b.SetInteger(attrSpeed, 1) },
			"offer":  func() error { return b.OfferInteger(attrSpeed, 1) },
			"update": func() error { return begin(b).Speed(1).Send() },
			"alert":  func() error { return raise(b, "hot", device.SeverityNormal) },
			"queue":  func() error { return d.Queue(speed(1), speed(1)) },
		} {
			err := send()
			if !errors.Is(err, device.ErrDiskFull) || strings.Count(err.Error(), "\n") != 0 {
				t.Errorf("%s: %v", name, err)
			}
		}
		if v, _ := b.Integer(attrSpeed); v != 1 {
			t.Errorf("the value is %d", v)
		}
		synctest.Wait()
		if len(hooked) != 0 {
			t.Errorf("hooks were told what the caller knows: %v", hooked)
		}
		if r := c.await(c.WriteAttribute(d.EndpointID(), plantURN, "target", 20)); r.Response.StatusCode != 202 {
			t.Errorf("write: %+v", r.Response)
		}
		synctest.Wait()
		if len(hooked) != 1 || !errors.Is(hooked[0].Err, device.ErrDiskFull) {
			t.Errorf("of the value reported back the hook heard %v", hooked)
		}
		must(t, begin(b, device.WithReliability(device.NoGuarantee)).Speed(2).Send()) // needs no disk
		disk.SetFree(-1)
		must(t, b.SetInteger(attrSpeed, 3))
		must(t, d.Flush(t.Context()))
		c.expectSpeeds(2, 3)
	})
}

// TestFullDiskAndOfferedMessages: as for those of virtual devices.
func TestFullDiskAndOfferedMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		disk := outboxtest.NewDisk()
		d := c.open(c.assets("D-1", true, plantURN), device.WithOutbox("outbox"), device.WithOutboxDisk(disk))
		_, err := d.Model(t.Context(), plantURN)
		must(t, err)
		offer := func(values ...int64) error {
			var messages []*wire.Message
			for _, n := range values {
				messages = append(messages, device.DataMessage(plantURN+":attributes", wire.Item{Name: "speed", Value: wire.IntegerValue(n)}))
			}
			return d.OfferMessages(messages...)
		}
		must(t, offer(1))
		time.Sleep(time.Minute) // it is known that there is no policy
		disk.SetFree(20)
		if err := offer(2, 3); !errors.Is(err, device.ErrDiskFull) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error %v", err)
		}
		disk.SetFree(-1)
		must(t, offer(4))
		must(t, d.Flush(t.Context()))
		c.expectSpeeds(1, 4)
	})
}

// TestFullDiskUnderATimer: what the window of a policy yields when the disk is full
// is told to the hook, since there is no caller.
func TestFullDiskUnderATimer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		disk := outboxtest.NewDisk()
		_, d, b := c.ruled(t, disk, `{"pipelines":[{"attributeName":"speed","pipeline":[{"id":"max","parameters":{"window":60000}}]}]}`)
		var hooked []error
		b.Virtual().OnError(func(e device.DeliveryError) { hooked = append(hooked, e.Err) })
		must(t, b.OfferInteger(attrSpeed, 7))
		disk.SetFree(10)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if len(hooked) != 1 || !errors.Is(hooked[0], device.ErrDiskFull) {
			t.Errorf("the hook heard %v", hooked)
		}
		disk.SetFree(-1)
		must(t, b.OfferInteger(attrSpeed, 8))
		time.Sleep(2 * time.Minute)
		must(t, d.Flush(t.Context()))
		c.expectSpeeds(8)
	})
}

// slowDisk takes its time to flush.
type slowDisk struct {
	*outboxtest.Disk
	delay time.Duration
}

type slowFile struct {
	outbox.File
	delay time.Duration
}

func (d slowDisk) Create(path string) (outbox.File, error) {
	f, err := d.Disk.Create(path)
	return slowFile{f, d.delay}, err
}

func (d slowDisk) Open(path string) (outbox.File, error) {
	f, err := d.Disk.Open(path)
	return slowFile{f, d.delay}, err
}

func (f slowFile) Sync() error {
	time.Sleep(f.delay)
	return f.File.Sync()
}

// TestSettersShareAFlush: a setter waits for the disk without the lock of its
// virtual device: others go on, and their messages share the next flush.
func TestSettersShareAFlush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		_, b := c.stored(c.assets("D-1", true, plantURN), slowDisk{outboxtest.NewDisk(), time.Second})
		must(t, b.SetInteger(attrSpeed, 0)) // makes the segment
		began := time.Now()
		var setters sync.WaitGroup
		for i := range 100 {
			setters.Go(func() { must(t, b.SetInteger(attrSpeed, int64(i))) })
		}
		synctest.Wait()
		if _, ok := b.Integer(attrSpeed); !ok || time.Since(began) != 0 {
			t.Errorf("reading took %v", time.Since(began))
		}
		setters.Wait()
		if took := time.Since(began); took < time.Second || took > 3*time.Second {
			t.Errorf("a hundred setters took %v", took)
		}
	})
}

// TestLimitsOfTheOutbox: the oldest of the lowest reliability goes, with a
// DropError; what would push out something more reliable is refused.
func TestLimitsOfTheOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		assets := c.assets("D-1", true, plantURN)
		c.cut(true)
		d, b := c.stored(assets, outboxtest.NewDisk(), device.WithOutboxMaxMessages(2), device.WithOutboxMaxAge(time.Hour), device.WithOutboxMaxBytes(1<<20))
		var dropped []string
		b.Virtual().OnError(func(e device.DeliveryError) {
			var drop *device.DropError
			if !errors.As(e.Err, &drop) || len(e.Values) != 1 {
				t.Errorf("hook: %v", &e)
				return
			}
			dropped = append(dropped, fmt.Sprint(e.Values[0].Value, " ", drop.Reason))
		})
		time.Sleep(time.Minute + time.Millisecond) // nothing is under way, in the pauses between two attempts
		sure := device.WithReliability(device.GuaranteedDelivery)
		must(t, begin(b, sure).Speed(1).Send())
		must(t, b.SetInteger(attrSpeed, 2))
		must(t, begin(b, sure).Speed(3).Send())
		var full *device.OutboxFullError
		if err := b.SetInteger(attrSpeed, 4); !errors.As(err, &full) || full.MaxMessages != 2 {
			t.Errorf("full: %v", err)
		}
		time.Sleep(2 * time.Hour) // the transmitter looks from time to time
		synctest.Wait()
		if want := []string{"2 too many messages waited", "1 it was too old", "3 it was too old"}; !slices.Equal(dropped, want) {
			t.Errorf("dropped %q, want %q", dropped, want)
		}
		if err := d.Close(t.Context()); err == nil || errors.As(err, &full) {
			t.Errorf("close: %v", err)
		}
	})
}

// TestUndeliveredOfEarlierRuns: what is too old when the device is opened is told
// to the option, which is there before any hook can be set.
func TestUndeliveredOfEarlierRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		assets, disk := c.assets("D-1", true, plantURN), outboxtest.NewDisk()
		c.cut(true)
		d, b := c.stored(assets, disk)
		must(t, b.SetInteger(attrSpeed, 1))
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if err := d.Close(gone); err == nil {
			t.Fatal("nothing was left")
		}
		time.Sleep(8 * 24 * time.Hour)
		var told []string
		d, _ = c.stored(assets, disk, device.OnUndelivered(func(m device.Delivery, err error) {
			var drop *device.DropError
			if !errors.As(err, &drop) || m.Type != wire.TypeData {
				t.Errorf("%s: %v", m.JSON, err)
				return
			}
			told = append(told, drop.Reason.String())
		}))
		synctest.Wait()
		if !slices.Equal(told, []string{"it was too old"}) {
			t.Errorf("told %q", told)
		}
		c.cut(false)
		must(t, d.Close(t.Context()))
	})
}

// TestBatchIsInTheOutbox: what a policy holds back is stored when the call returns,
// and after a sudden end sent by the next device. Only then is it a message that
// waits.
func TestBatchIsInTheOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		disk := outboxtest.NewDisk()
		assets, d, b := c.ruled(t, disk, batchOf(4))
		for i := range 6 {
			must(t, b.SetInteger(attrSpeed, int64(i)))
		}
		must(t, d.Flush(t.Context()))
		synctest.Wait()
		c.expectSpeeds(0, 1, 2, 3) // a batch of four
		must(t, d.OfferMessages(device.DataMessage(plantURN+":attributes", wire.Item{Name: "speed", Value: wire.IntegerValue(6)})))
		left := disk.Cut(nil) // the power fails here; nothing unflushed is left

		c.cut(true)
		closeAtOnce(d)
		c.cut(false)
		again := c.open(assets, device.WithOutbox("outbox"), device.WithOutboxDisk(left))
		must(t, again.Flush(t.Context()))
		c.expectSpeeds(0, 1, 2, 3, 4, 5, 6)
	})
}

// TestBatchLeavesAtClose: closing releases what policies hold, on many virtual
// devices with one wait for the disk.
func TestBatchLeavesAtClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		_, d, b := c.ruled(t, slowDisk{outboxtest.NewDisk(), time.Second}, batchOf(100))
		must(t, b.SetInteger(attrSpeed, 1))
		must(t, b.OfferInteger(attrSpeed, 2))
		must(t, raise(b, "held too", device.SeverityLow))
		began := time.Now()
		must(t, d.Close(t.Context()))
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("close took %v", took)
		}
		c.expectSpeeds(1, 2)
		c.wait(func(m emulator.Message) bool { return m.Alert != nil })
	})
}

// TestOfferedBatchLeavesAtClose: closing releases messages of the application that
// a policy holds, and those that wait to learn whether there is one, with an outbox
// and without.
func TestOfferedBatchLeavesAtClose(t *testing.T) {
	for name, opts := range map[string][]device.Option{
		"memory": nil,
		"outbox": {device.WithOutbox("outbox"), device.WithOutboxDisk(outboxtest.NewDisk())},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := newCloud(t)
				c.addPlant()
				assets := c.assets("D-1", true, plantURN)
				id, err := c.AddPolicy(plantURN, []byte(batchOf(100)))
				must(t, err)
				must(t, c.AssignPolicy(id, assets.EndpointID()))
				for run := range 2 {
					d := c.open(assets, opts...)
					_, err = d.Model(t.Context(), plantURN)
					must(t, err)
					offer := func(n int) {
						must(t, d.OfferMessages(device.DataMessage(plantURN+":attributes", wire.Item{Name: "speed", Value: wire.IntegerValue(int64(n))})))
					}
					offer(2*run + 1)
					if run == 1 { // the policy is known
						time.Sleep(time.Minute)
						offer(2*run + 2)
						must(t, d.Flush(t.Context()))
						c.expectSpeeds(1)
					}
					must(t, d.Close(t.Context()))
				}
				c.expectSpeeds(1, 3, 4)
			})
		})
	}
}

// TestHeldMessageThatIsGivenUp goes to the hook of the alert that it was.
func TestHeldMessageThatIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		_, d, b := c.ruled(t, outboxtest.NewDisk(), batchOf(100))
		var heard error
		alert := new(device.Fields)
		alert.Begin(b, formatHot)
		alert.Number(1, 81)
		alert.OnError(func(e device.DeliveryError) { heard = e.Err })
		must(t, alert.Severity(device.SeverityLow).Raise(nil))
		fault, err := emulator.ParseFault("status=400,route=messages")
		must(t, err)
		_, err = c.AddFault(fault)
		must(t, err)
		must(t, d.Close(t.Context()))
		if heard == nil {
			t.Error("nobody heard of it")
		}
	})
}

// ruled opens a device with an outbox and a policy, and waits until it knows it.
func (c *cloud) ruled(t *testing.T, disk outbox.Disk, policy string) (trust.Assets, *device.Device, device.Binding) {
	t.Helper()
	c.addPlant()
	assets := c.assets("D-1", true, plantURN)
	id, err := c.AddPolicy(plantURN, []byte(policy))
	must(t, err)
	must(t, c.AssignPolicy(id, assets.EndpointID()))
	d, b := c.stored(assets, disk)
	must(t, d.Wait(t.Context(), device.StateOnline))
	time.Sleep(time.Minute)
	return assets, d, b
}

// batchOf is a policy that sends so many messages together.
func batchOf(size int) string {
	return fmt.Sprintf(`{"pipelines":[{"attributeName":"*","pipeline":[{"id":"batchBySize","parameters":{"batchSize":%d}}]}]}`, size)
}

// TestGatewayHasOneOutbox: messages of all devices behind a gateway lie in its
// outbox and survive together.
func TestGatewayHasOneOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		c.addPlant()
		disk := outboxtest.NewDisk()
		options := []device.Option{device.WithOutbox("outbox"), device.WithOutboxDisk(disk)}
		g := c.gateway("GW-1", options...)
		must(t, g.Activate(t.Context()))
		ids, err := g.RegisterDevices(t.Context(), 2, device.Registration{HardwareID: "A", Models: []string{plantURN}}, device.Registration{HardwareID: "B", Models: []string{plantURN}})
		must(t, err)
		c.cut(true)
		for i, id := range ids {
			b, err := device.Bind(g, id, &plant)
			must(t, err)
			must(t, b.SetInteger(attrSpeed, int64(i)))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var left *device.LeftError
		if err := g.Close(ctx); !errors.As(err, &left) || left.Stored != 2 {
			t.Errorf("close: %v", err)
		}
		c.cut(false)
		again, err := outbox.Open("outbox", outbox.Options{Disk: disk})
		must(t, err)
		sources := map[string]bool{}
		_, err = again.Take(wire.Low, outbox.None, outbox.Limit{Messages: 9, Bytes: 1 << 20}, func(m *outbox.Message) { sources[m.Source] = true })
		must(t, err)
		must(t, again.Close())
		if !sources[ids[0]] || !sources[ids[1]] {
			t.Errorf("messages of %v, want %v", sources, ids)
		}
	})
}
