// What the scripts share that make a device of the official client: its options,
// its clock, and the talk with the test. They say what happens as one JSON object a
// line on standard output, mixed with what the client prints. Commands are JSON
// lines on standard input; its end is the end of the device.
'use strict';

const path = require('path');

const settings = JSON.parse(process.argv[2]);
if (settings.clock) { // before the client can take hold of Date
    const True = Date;
    global.Date = class extends True {
        constructor(...args) {
            args.length ? super(...args) : super(True.now() + settings.clock);
        }

        static now() {
            return True.now() + settings.clock;
        }
    };
}

const tell = (event, details) => process.stdout.write(JSON.stringify({event, ...details}) + '\n');
const fail = error => tell('error', {text: String(error && error.message || error)});
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

const iotcs = require('iotcs-csl-js')({
    oracle: {iot: {client: {
        device: {disableLongPolling: settings.disableLongPolling},
        storageCloudHost: settings.storageHost, // marks the URIs that are storage objects
    }}},
});

// The work-around: this release reads a property of its virtual devices that it
// does not set, and without it answers 400 to every write of an attribute. They
// cannot be extended, so it is defined for all of them.
Object.defineProperty(iotcs.device.VirtualDevice.prototype, 'model', {get() { return this.deviceModel; }});

// virtual makes a virtual device that says what is asked of it.
function virtual(client, endpointId, model) {
    const device = client.createVirtualDevice(endpointId, model);
    device.onChange = changes => changes.forEach(c => changed(endpointId, c));
    device.onError = e => tell('undelivered', {endpointId, text: String(e.errorResponse && e.errorResponse.message)});
    for (const action of model.actions) {
        device.actions[action.name].onAction = event => tell('action', {endpointId, action: action.name, arguments: argumentsOf(event)});
    }
    return device;
}

// changed tells of a write. If the settings name a folder, storage objects that
// come are downloaded to it.
function changed(endpointId, c) {
    if (!settings.folder || !(c.newValue instanceof iotcs.StorageObject)) {
        return tell('change', {endpointId, attribute: c.attribute.id, value: c.newValue, old: c.oldValue});
    }
    const object = c.newValue;
    tell('object', described(object));
    object.setOutputPath(path.join(settings.folder, 'downloaded'));
    object.onSync = synced('downloaded');
    object.sync();
}

const described = object => ({
    name: object.getName(), uri: object.getURI(), type: object.getType(), length: object.getLength(), state: object.getSyncStatus(),
});

const synced = event => e => tell(event, described(e.getSource()));

function argumentsOf(event) {
    const found = {};
    for (let value = event.getNamedValue(); value; value = value.next()) {
        found[value.getName() || 'value'] = value.getValue();
    }
    return found;
}

// obey does what standard input says until it ends. sensor gives the virtual
// device that a command is for.
function obey(client, sensor) {
    const commands = {
        update: c => sensor(c).update(c.values),
        upload: c => {
            const object = client.createStorageObject(c.name, c.type);
            for (const [key, value] of Object.entries(c.metadata || {})) {
                object.setCustomMetadata(key, value);
            }
            object.setInputPath(c.path);
            object.onSync = synced('uploaded');
            sensor(c).update({[c.attribute]: object});
        },
        raise: c => {
            const alert = sensor(c).createAlert(c.format);
            Object.assign(alert.fields, c.values);
            alert.raise();
        },
    };
    require('readline').createInterface({input: process.stdin})
        .on('line', line => {
            try {
                const c = JSON.parse(line);
                commands[c.do](c);
            } catch (error) {
                fail(error);
            }
        })
        .on('close', () => {
            client.close();
            process.exit(0);
        });
}

// activate activates the client unless it is activated, and goes on.
function activate(client, urns, next) {
    if (client.isActivated()) {
        return next();
    }
    client.activate(urns, (device, error) => {
        if (!device || error) {
            return fail(error);
        }
        tell('activated', {endpointId: client.getEndpointId()});
        next();
    });
}

// withModel fetches the device model of the settings and goes on with it.
function withModel(client, next) {
    client.getDeviceModel(settings.urn, (model, error) => {
        if (!model || error) {
            return fail(error);
        }
        tell('model', {attributes: model.attributes.map(a => a.name)});
        next(model);
    });
}

module.exports = {iotcs, settings, tell, fail, activate, withModel, virtual, obey};
