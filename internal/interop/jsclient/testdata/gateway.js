// A gateway of the official client as it is, with the devices behind it that the
// settings name; commands name the endpoint that they are for.
// usage: node gateway.js '{"conf": …, "passphrase": …, "urn": …, "disableLongPolling": bool,
//                          "behind": [{"hardwareId": …, "restricted": bool, "metadata": {…}}]}'
'use strict';

const {iotcs, settings, tell, fail, activate, withModel, virtual, obey} = require('./peer.js');

const client = new iotcs.device.GatewayDevice(settings.conf, settings.passphrase);
const sensors = {};

activate(client, [], () => withModel(client, model => register(settings.behind, model)));
obey(client, command => sensors[command.endpointId]);

// register registers the devices one after the other.
function register([device, ...more], model) {
    if (!device) {
        return tell('ready', {endpointId: client.getEndpointId()});
    }
    // The client adds to the metadata that it is given.
    client.registerDevice(device.restricted, device.hardwareId, {...device.metadata}, [settings.urn], (endpointId, error) => {
        if (!endpointId || error) {
            return fail(error);
        }
        sensors[endpointId] = virtual(client, endpointId, model);
        tell('registered', {endpointId, hardwareId: device.hardwareId});
        register(more, model);
    });
}
