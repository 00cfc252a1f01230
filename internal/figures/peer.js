// The official JavaScript client as a device that sends values, beside sender.go.
// It prints its answers as lines of JSON, mixed with what the client prints; a
// line on standard input is the command to send, its end the end of the device.
// usage: node peer.js '{"File": …, "Passphrase": …, "URN": …, "Messages": n, "Interval": ms}'
'use strict';

const fs = require('fs');

const settings = JSON.parse(process.argv[2]);

// As shipped the client sends one call of at most 100 messages every three
// seconds. Here it may send as often as the interval says.
const iotcs = require('iotcs-csl-js')({oracle: {iot: {client: {
    monitor: {pollingInterval: settings.Interval},
    device: {defaultMessagePoolingInterval: settings.Interval},
}}}});

const answer = value => process.stdout.write(JSON.stringify({answer: value}) + '\n');
const fail = error => {
    console.error(error);
    process.exit(1);
};
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);

// Its queue holds 1,000 messages and throws when it is full.
const room = 900;

const client = new iotcs.device.DirectlyConnectedDevice(settings.File, settings.Passphrase);
let sensor, delivered = 0, wanted = 0, set = 0, done;

client.getDeviceModel(settings.URN, (model, error) => {
    if (!model || error) {
        fail(error);
    }
    sensor = client.createVirtualDevice(client.getEndpointId(), model);
    sensor.onError = e => fail(e.errorResponse || 'a message was given up');
    sensor.messageDispatcher.onDelivery = messages => {
        delivered += messages.filter(m => m.getJSONObject().type === 'DATA').length;
        fill();
        if (delivered === wanted && done) {
            const finish = done;
            done = null;
            finish();
        }
    };
    send(100, () => answer({}));
});

function send(n, finish) {
    wanted += n;
    done = finish;
    fill();
}

// fill sets values as far as the queue has room. A value that is what it was
// before would not be sent.
function fill() {
    for (; set < wanted && set - delivered < room; set++) {
        sensor.update({humidity: set % 101});
    }
}

function peak() {
    const found = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync('/proc/self/status', 'utf8'));
    return Number(found[1]) * 1024;
}

require('readline').createInterface({input: process.stdin})
    .on('line', () => {
        const start = process.hrtime.bigint(), before = process.cpuUsage();
        send(settings.Messages, () => {
            const used = process.cpuUsage(before);
            answer({Wall: Number(process.hrtime.bigint() - start), CPU: (used.user + used.system) * 1000, Peak: peak()});
        });
    })
    .on('close', () => {
        client.close();
        process.exit(0);
    });
