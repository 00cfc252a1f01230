package device_test

import (
	"context"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/iotcs-go/iotcs/emulator"
	"github.com/iotcs-go/iotcs/runtime/content"
	"github.com/iotcs-go/iotcs/runtime/device"
	"github.com/iotcs-go/iotcs/runtime/devicemodel"
	"github.com/iotcs-go/iotcs/runtime/wire"
)

const galleryURN = "urn:com:example:iot:gallery"

// gallery is a model with URIs everywhere.
const galleryJSON = `{"urn":"` + galleryURN + `","name":"Gallery","attributes":[
 {"name":"back","type":"URI","writable":true},{"name":"front","type":"URI","writable":true},{"name":"n","type":"INTEGER","writable":true}],
 "actions":[{"name":"show","argType":"URI"}],
 "formats":[
 {"urn":"` + galleryURN + `:moved","name":"moved","type":"ALERT","value":{"fields":[{"name":"a","type":"URI","optional":true},{"name":"b","type":"URI","optional":true}]}},
 {"urn":"` + galleryURN + `:clip","name":"clip","type":"DATA","value":{"fields":[{"name":"video","type":"URI","optional":true},{"name":"n","type":"INTEGER","optional":true}]}}]}`

// museum is a gallery on a device of a cloud.
type museum struct {
	*cloud
	d *device.Device
	v *device.Virtual

	mu     sync.Mutex
	failed []device.DeliveryError
}

// inMuseum runs a test in a bubble.
func inMuseum(t *testing.T, test func(t *testing.T, m *museum), opts ...device.Option) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		_, err := c.AddModel([]byte(galleryJSON))
		must(t, err)
		d := c.open(c.assets("D-1", true, galleryURN), opts...)
		m := &museum{cloud: c, d: d}
		m.v = m.virtual(d, d.EndpointID())
		test(t, m)
	})
}

func (m *museum) virtual(c device.Client, endpoint string) *device.Virtual {
	m.t.Helper()
	model, _, err := devicemodel.Load([]byte(galleryJSON))
	must(m.t, err)
	v, err := device.NewVirtual(c, endpoint, model)
	must(m.t, err)
	v.OnError(func(e device.DeliveryError) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.failed = append(m.failed, e)
	})
	return v
}

// slow is content that comes when the test says so.
type slow struct {
	ready chan error
	rest  io.Reader
}

func newSlow(text string) *slow { return &slow{make(chan error, 1), strings.NewReader(text)} }

func (s *slow) Read(p []byte) (int, error) {
	if s.ready != nil {
		if err := <-s.ready; err != nil {
			return 0, err
		}
		s.ready = nil
	}
	return s.rest.Read(p)
}

// object is a storage object with slow content.
func (m *museum) object(name string) (*device.StorageObject, *slow) {
	m.t.Helper()
	s := newSlow("content of " + name)
	o, err := m.d.NewStorageObject(name, "text/plain", device.FromReader(s, -1))
	must(m.t, err)
	return o, s
}

// came lists what arrived, each message as its values, without those that come
// before the program's first.
func (m *museum) came() []string {
	m.t.Helper()
	synctest.Wait()
	return m.arrived()
}

// arrived is came outside of bubbles.
func (m *museum) arrived() []string {
	m.t.Helper()
	messages, _, err := m.Messages(0)
	must(m.t, err)
	var all []string
	for _, message := range messages {
		var items []wire.Item
		switch {
		case message.Data != nil:
			items = message.Data.Items
		case message.Alert != nil:
			items = message.Alert.Items
		case message.Response != nil:
			all = append(all, "answer")
			continue
		default:
			continue
		}
		if len(message.Violations) > 0 {
			m.t.Errorf("%s: %q", message.JSON, message.Violations)
		}
		all = append(all, m.text(items))
	}
	return all
}

// text names the values of a message; of a storage object its content, which must
// be there.
func (m *museum) text(items []wire.Item) string {
	var parts []string
	for _, item := range items {
		value := string(item.Value.AppendJSON(nil))
		if _, name, ok := strings.Cut(item.Value.Text(), emulator.ContainerPath+"/"); ok {
			name, err := url.PathUnescape(name)
			must(m.t, err)
			file, _, err := m.OpenObject(name)
			must(m.t, err)
			text, err := io.ReadAll(file)
			must(m.t, errors.Join(err, file.Close()))
			value = string(text)
		}
		parts = append(parts, item.Name+"="+value)
	}
	return strings.Join(parts, " ")
}

func (m *museum) expect(want ...string) {
	m.t.Helper()
	if got := m.came(); !slices.Equal(got, want) {
		m.t.Errorf("came %q, want %q", got, want)
	}
}

func (m *museum) failures() []device.DeliveryError {
	synctest.Wait()
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.failed)
}

func TestAttributeWaitsForItsUpload(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		o, s := m.object("a/b c.txt")
		must(t, m.v.Set("n", 1))
		must(t, m.v.Set("front", device.StorageURI(o)))
		must(t, m.v.Set("n", 2))
		time.Sleep(8 * time.Second) // less than the store waits for content
		m.expect("n=1")
		value, ok := m.v.Get("front")
		if got, isObject := value.(device.URI).StorageObject(); !ok || !isObject || got != o || o.State() != content.Pending {
			t.Errorf("value %v, state %v", value, o.State())
		}
		s.ready <- nil
		must(t, m.d.Flush(t.Context()))
		m.expect("n=1", "front=content of a/b c.txt", "n=2")
		if want := "/" + m.d.EndpointID() + "/a/b%20c.txt"; !strings.HasSuffix(value.(device.URI).String(), want) {
			t.Errorf("URI %s, want %s", value, want)
		}
	})
}

func TestUpdateWaitsForAllItsObjects(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		first, s1 := m.object("first")
		second, s2 := m.object("second")
		must(t, m.v.Update().Set("front", device.StorageURI(first)).Set("n", 7).Set("back", device.StorageURI(second)).Send())
		s2.ready <- nil
		m.expect()
		s1.ready <- nil
		must(t, m.d.Flush(t.Context()))
		m.expect("front=content of first n=7 back=content of second")
	})
}

func TestAlertAndDataWaitForTheirObjects(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		shared, s := m.object("shared")
		other, r := m.object("other")
		alert, err := m.v.NewAlert(galleryURN + ":moved")
		must(t, err)
		must(t, alert.Set("a", device.StorageURI(shared)).Set("b", device.StorageURI(other)).Raise(nil))
		clip, err := m.v.NewData(galleryURN + ":clip")
		must(t, err)
		must(t, clip.Set("video", device.StorageURI(shared)).Set("n", 1).Submit(nil))
		must(t, m.v.Set("n", 2))
		s.ready <- nil
		m.expect() // the DATA waits behind the alert
		free, err := m.v.NewAlert(galleryURN + ":moved")
		must(t, err)
		must(t, free.Set("a", device.StorageURI(shared)).Raise(nil)) // is in sync
		m.expect("a=content of shared")
		r.ready <- nil
		must(t, m.d.Flush(t.Context()))
		m.expect("a=content of shared", "a=content of shared b=content of other", "video=content of shared n=1", "n=2")
		if n := len(m.Objects("")); n != 2 {
			t.Errorf("%d objects", n)
		}
	})
}

func TestFailedUpload(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		bad, s := m.object("same")
		good, r := m.object("same") // another object for the same URI
		must(t, m.v.Set("front", device.StorageURI(bad)))
		must(t, m.v.Set("n", 1))
		must(t, m.v.Set("back", device.StorageURI(good)))
		s.ready <- errors.New("no film")
		r.ready <- nil
		must(t, m.d.Flush(t.Context()))
		m.expect("n=1", "back=content of same")
		failures := m.failures()
		var failed *device.TransferError
		if len(failures) != 1 || failures[0].Values[0].Name != "front" || !errors.As(failures[0].Err, &failed) || !failed.Upload {
			t.Fatalf("failures %v", failures)
		}
		if err := m.v.Set("back", device.StorageURI(bad)); !errors.As(err, &failed) {
			t.Errorf("a failed object was taken: %v", err)
		}
		if value, _ := m.v.Get("back"); value != device.StorageURI(good) {
			t.Errorf("a refused value was stored")
		}
	})
}

func TestObjectsThatCannotBeSent(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		o, err := m.d.NewStorageObject("nothing", "", nil)
		must(t, err)
		if err := m.v.Set("front", device.StorageURI(o)); !errors.Is(err, content.ErrNoContent) {
			t.Errorf("without content: %v", err)
		}
		if _, ok := m.v.Get("front"); ok {
			t.Error("a refused value was stored")
		}
		other := m.open(m.assets("D-2", true, galleryURN))
		theirs, err := other.NewStorageObject("theirs", "", device.FromBytes(nil))
		must(t, err)
		if err := m.v.Set("front", device.StorageURI(theirs)); !errors.Is(err, content.ErrForeign) {
			t.Errorf("of another device: %v", err)
		}
		if err := m.v.Set("front", device.StorageURI(nil)); !errors.Is(err, device.ErrEmptyURI) {
			t.Errorf("no object: %v", err)
		}
		if _, err := m.d.NewStorageObject("../x", "", nil); !errors.Is(err, content.ErrName) {
			t.Errorf("a name that leads elsewhere: %v", err)
		}
		m.expect()
	})
}

func TestNewDeviceHasNoStorageObjects(t *testing.T) {
	c := newCloud(t)
	d := c.open(c.assets("D-1", false))
	if _, err := d.NewStorageObject("a", "", nil); !errors.Is(err, device.ErrNotActivated) {
		t.Errorf("error %v", err)
	}
	if _, err := d.StorageObject(uri(t, "https://a/b")); !errors.Is(err, device.ErrNotActivated) {
		t.Errorf("error %v", err)
	}
	if err := d.LocateStorage(t.Context()); !errors.Is(err, device.ErrNotActivated) {
		t.Errorf("error %v", err)
	}
}

// TestObjectThatWasSynchronizedBefore: the message leaves at once.
func TestObjectThatWasSynchronizedBefore(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		o, s := m.object("before")
		s.ready <- nil
		must(t, o.Sync(t.Context()))
		must(t, m.v.Set("front", device.StorageURI(o)))
		must(t, m.d.Queue(device.DataMessage(galleryURN+":attributes", wire.Item{Name: "back", Value: wire.AttachmentValue(o)})))
		must(t, m.d.Flush(t.Context()))
		later, r := m.object("later")
		r.ready <- nil
		must(t, m.d.Send(t.Context(), device.DataMessage(galleryURN+":attributes", wire.Item{Name: "back", Value: wire.AttachmentValue(later)})))
		m.expect("front=content of before", "back=content of before", "back=content of later")
	})
}

// TestOfferedObjectIsUploadedWhenItsMessageLeaves: batches carry what their
// messages wait for.
func TestOfferedObjectIsUploadedWhenItsMessageLeaves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		_, err := c.AddModel([]byte(galleryJSON))
		must(t, err)
		assets := c.assets("D-1", true, galleryURN)
		id, err := c.AddPolicy(galleryURN, []byte(`{"pipelines":[{"pipeline":[{"id":"batchBySize","parameters":{"batchSize":3}}]}]}`))
		must(t, err)
		must(t, c.AssignPolicy(id, assets.EndpointID()))
		m := &museum{cloud: c, d: c.open(assets)}
		m.v = m.virtual(m.d, m.d.EndpointID())
		must(t, m.d.Wait(t.Context(), device.StateOnline))
		time.Sleep(time.Minute)
		o, s := m.object("offered")
		s.ready <- nil
		must(t, m.v.Offer("front", device.StorageURI(o)))
		must(t, m.v.Offer("n", 1))
		time.Sleep(time.Minute)
		m.expect("answer") // to the news of the policy
		if o.State() != content.NotInSync {
			t.Errorf("state %v", o.State())
		}
		must(t, m.v.Offer("n", 2))
		must(t, m.d.Flush(t.Context()))
		m.expect("answer", "front=content of offered", "n=1", "n=2")
	})
}

func TestDownloadInAHandler(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		_, err := m.PutObject(emulator.Object{Name: "cloud/picture.txt", Type: "text/plain"}, strings.NewReader("a picture"))
		must(t, err)
		container := "https://localhost:443" + emulator.ContainerPath
		must(t, m.d.LocateStorage(t.Context()))
		path := filepath.Join(t.TempDir(), "picture.txt")
		reader, writer := io.Pipe() // takes nothing until the test reads
		downloaded := make(chan error, 2)
		must(t, m.v.OnAttributeChange("front", func(_ context.Context, c device.Change[any]) error {
			o, ok := c.New.(device.URI).StorageObject()
			if !ok {
				return errors.New("no storage object")
			}
			return errors.Join(o.SetSink(device.ToWriter(writer)), o.SyncAsync(func(err error) { downloaded <- errors.Join(err, writer.Close()) }))
		}))
		must(t, m.v.OnAction("show", func(_ context.Context, c *device.ActionCall) error {
			o, ok := c.URI(0).StorageObject()
			if !ok {
				return errors.New("no storage object")
			}
			return errors.Join(o.SetSink(device.ToFile(path)), o.SyncAsync(func(err error) { downloaded <- err }))
		}))
		r := m.await(m.WriteAttribute(m.d.EndpointID(), galleryURN, "front", container+"/cloud/picture.txt"))
		if r.Response.StatusCode != 202 {
			t.Errorf("answer %+v", r.Response)
		}
		m.expect("front=a picture", "answer")
		select {
		case err := <-downloaded:
			t.Errorf("the download has ended: %v", err)
		default:
		}
		text, err := io.ReadAll(reader)
		must(t, errors.Join(err, <-downloaded))
		if string(text) != "a picture" {
			t.Errorf("downloaded %q", text)
		}
		r = m.await(m.CallAction(m.d.EndpointID(), galleryURN, "show", map[string]any{"value": container + "/cloud/picture.txt"}))
		must(t, <-downloaded)
		if text, err := os.ReadFile(path); string(text) != "a picture" || r.Response.StatusCode != 202 {
			t.Errorf("%q, %v, answer %+v", text, err, r.Response)
		}
	})
}

// TestTransfersOfAHandler: a handler may wait for its download, which holds up
// nobody but its endpoint's requests, or upload to the URI that came: the
// confirmation waits for that, the answer does not.
func TestTransfersOfAHandler(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		_, err := m.PutObject(emulator.Object{Name: "shared"}, strings.NewReader("old"))
		must(t, err)
		must(t, m.d.LocateStorage(t.Context()))
		var got strings.Builder
		must(t, m.v.OnAttributeChange("front", func(ctx context.Context, c device.Change[any]) error {
			o, _ := c.New.(device.URI).StorageObject()
			return errors.Join(o.SetSink(device.ToWriter(&got)), o.Sync(ctx))
		}))
		s := newSlow("new")
		must(t, m.v.OnAttributeChange("back", func(_ context.Context, c device.Change[any]) error {
			o, _ := c.New.(device.URI).StorageObject()
			return o.SetSource(device.FromReader(s, -1))
		}))
		uri := "https://localhost:443" + emulator.ContainerPath + "/shared"
		m.await(m.WriteAttribute(m.d.EndpointID(), galleryURN, "front", uri))
		if got.String() != "old" {
			t.Errorf("downloaded %q", got.String())
		}
		m.expect("front=old", "answer")
		m.await(m.WriteAttribute(m.d.EndpointID(), galleryURN, "back", uri))
		must(t, m.v.Set("n", 1))
		m.expect("front=old", "answer", "answer")
		s.ready <- nil
		must(t, m.d.Flush(t.Context()))
		m.expect("front=new", "answer", "answer", "back=new", "n=1")
	})
}

func TestURIsThatCome(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		got := make(chan device.URI, 1)
		must(t, m.v.OnAttributeChange("front", func(_ context.Context, c device.Change[any]) error {
			got <- c.New.(device.URI)
			return nil
		}))
		write := func(text string) device.URI {
			t.Helper()
			if r := m.await(m.WriteAttribute(m.d.EndpointID(), galleryURN, "front", text)); r.Response.StatusCode != 202 {
				t.Errorf("answer %+v", r.Response)
			}
			u := <-got
			if u.String() != text {
				t.Errorf("%s came as %s", text, u)
			}
			return u
		}
		for _, text := range []string{"https://elsewhere.example/x.jpg", "urn:x:y", "just text"} {
			if _, ok := write(text).StorageObject(); ok {
				t.Errorf("%s is a storage object", text)
			}
		}
		missing := "https://localhost:443" + emulator.ContainerPath + "/missing"
		o, ok := write(missing).StorageObject()
		if !ok {
			t.Fatal("an object of the container is external")
		}
		must(t, o.SetSink(device.ToWriter(io.Discard)))
		if err := o.Sync(t.Context()); !errors.Is(err, content.ErrNotFound) {
			t.Errorf("error %v", err)
		}
		same, err := m.d.StorageObject(uri(t, missing))
		must(t, err)
		if same.Name() != "missing" {
			t.Errorf("name %q", same.Name())
		}
		if _, err := m.d.StorageObject(uri(t, "https://elsewhere.example/x.jpg")); !errors.Is(err, content.ErrForeign) {
			t.Errorf("error %v", err)
		}
	})
}

// TestAnswersPassAnUpload: a RESPONSE does not wait, nor does another endpoint.
func TestAnswersPassAnUpload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCloud(t)
		_, err := c.AddModel([]byte(galleryJSON))
		must(t, err)
		g := c.gateway("GW-1")
		must(t, g.Activate(t.Context(), galleryURN))
		id, err := g.RegisterDevice(t.Context(), device.Registration{HardwareID: "I-1", Models: []string{galleryURN}})
		must(t, err)
		m := &museum{cloud: c, d: g.Device}
		m.v = m.virtual(g, g.EndpointID())
		behind := m.virtual(g, id)
		must(t, m.v.OnAttributeChange("n", device.Accept[any]))
		o, s := m.object("icd")
		must(t, behind.Set("front", device.StorageURI(o)))
		must(t, behind.Set("n", 1))
		must(t, m.v.Set("n", 2))
		if r := m.await(m.WriteAttribute(g.EndpointID(), galleryURN, "n", 3)); r.Response.StatusCode != 202 {
			t.Errorf("answer %+v", r.Response)
		}
		m.expect("n=2", "n=3", "answer")
		s.ready <- nil
		must(t, g.Flush(t.Context()))
		m.expect("n=2", "n=3", "answer", "front=content of icd", "n=1")
		if !strings.HasSuffix(o.URI(), "/"+g.EndpointID()+"/icd") {
			t.Errorf("URI %s", o.URI())
		}
	})
}

func TestCloseFinishesUploads(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		o, s := m.object("last")
		must(t, m.v.Set("front", device.StorageURI(o)))
		time.AfterFunc(8*time.Second, func() { s.ready <- nil })
		must(t, m.d.Close(t.Context()))
		m.expect("front=content of last")
	})
}

func TestCloseReportsWhatWaitsForAnUpload(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		o, s := m.object("stuck")
		must(t, m.v.Set("front", device.StorageURI(o)))
		must(t, m.v.Set("n", 1))
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		defer cancel()
		var left *device.LeftError
		if err := m.d.Close(ctx); !errors.As(err, &left) || left.Messages != 2 {
			t.Errorf("error %v", err)
		}
		if failures := m.failures(); len(failures) != 2 || !errors.Is(failures[0].Err, device.ErrClosed) {
			t.Errorf("failures %v", failures)
		}
		m.expect()
		s.ready <- io.EOF
	})
}

func TestStorageOptions(t *testing.T) {
	inMuseum(t, func(t *testing.T, m *museum) {
		o, s := m.object("plain")
		s.ready <- nil
		must(t, o.Sync(t.Context()))
		if !strings.HasSuffix(o.URI(), emulator.ContainerPath+"/plain") {
			t.Errorf("URI %s", o.URI())
		}
	}, device.WithStoragePrefix(false), device.WithStorageHost("localhost"), device.WithStorageAttempts(1), device.WithStorageTokenAge(time.Minute),
		device.WithStorageQueueSize(1), device.WithStorageTransfers(1), device.WithStoragePatience(time.Second), device.WithInsecureStorage())
	c := newCloud(t)
	assets := c.assets("D-1", true)
	for name, o := range map[string]device.Option{
		"host":      device.WithStorageHost(""),
		"attempts":  device.WithStorageAttempts(0),
		"age":       device.WithStorageTokenAge(-1),
		"queue":     device.WithStorageQueueSize(0),
		"transfers": device.WithStorageTransfers(65),
		"patience":  device.WithStoragePatience(-1),
	} {
		if d, err := device.OpenAssets(t.Context(), assets, o); err == nil {
			t.Errorf("%s: taken", name)
			must(t, d.Close(t.Context()))
		}
	}
}
