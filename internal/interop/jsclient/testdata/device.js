// A device made of the official client as it is, which says what happens to it:
// one JSON object a line on standard output, mixed with what the client prints.
// Commands are JSON lines on standard input; its end is the end of the device.
// usage: node device.js '{"conf": …, "passphrase": …, "urn": …, "disableLongPolling": bool, "clock": ms}'
'use strict';

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
    oracle: {iot: {client: {device: {disableLongPolling: settings.disableLongPolling}}}},
});

// The work-around: this release reads a property of its virtual devices that it
// does not set, and without it answers 400 to every write of an attribute. They
// cannot be extended, so it is defined for all of them.
Object.defineProperty(iotcs.device.VirtualDevice.prototype, 'model', {get() { return this.deviceModel; }});

const client = new iotcs.device.DirectlyConnectedDevice(settings.conf, settings.passphrase);
let sensor;

if (client.isActivated()) {
    start();
} else {
    client.activate([settings.urn], (device, error) => {
        if (!device || error) {
            return fail(error);
        }
        tell('activated', {endpointId: client.getEndpointId()});
        start();
    });
}

function start() {
    client.getDeviceModel(settings.urn, (model, error) => {
        if (!model || error) {
            return fail(error);
        }
        tell('model', {attributes: model.attributes.map(a => a.name)});
        sensor = client.createVirtualDevice(client.getEndpointId(), model);
        sensor.onChange = changes => changes.forEach(c => tell('change', {attribute: c.attribute.id, value: c.newValue, old: c.oldValue}));
        sensor.onError = e => tell('undelivered', {text: String(e.errorResponse && e.errorResponse.message)});
        for (const action of model.actions) {
            sensor.actions[action.name].onAction = event => tell('action', {action: action.name, arguments: argumentsOf(event)});
        }
        tell('ready', {endpointId: client.getEndpointId()});
    });
}

function argumentsOf(event) {
    const found = {};
    for (let value = event.getNamedValue(); value; value = value.next()) {
        found[value.getName() || 'value'] = value.getValue();
    }
    return found;
}

const commands = {
    update: c => sensor.update(c.values),
    raise: c => {
        const alert = sensor.createAlert(c.format);
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
