// A directly connected device of the official client as it is.
// usage: node device.js '{"conf": …, "passphrase": …, "urn": …, "disableLongPolling": bool, "clock": ms, "folder": …}'
'use strict';

const {iotcs, settings, tell, activate, withModel, virtual, obey} = require('./peer.js');

const client = new iotcs.device.DirectlyConnectedDevice(settings.conf, settings.passphrase);
let sensor;

activate(client, [settings.urn], () => withModel(client, model => {
    sensor = virtual(client, client.getEndpointId(), model);
    tell('ready', {endpointId: client.getEndpointId()});
}));
obey(client, () => sensor);
