// Does one thing with a provisioning file, by the official client's own code, and
// prints what it then sees in the file.
// usage: node assets.js '{"op": "read"|"make"|"activate"|"reset", "file": …, "passphrase": …, …}'
'use strict';

const crypto = require('crypto');
const log = console.log;
console.log = () => {}; // the client writes its errors there
const iotcs = require('iotcs-csl-js')({});

const job = JSON.parse(process.argv[2]);
if (job.op === 'make') {
    iotcs.UnifiedTrustStore.provision(job.file, job.passphrase, job.scheme, job.host, job.port, job.clientId, job.secret,
        job.anchors, job.devices);
}
const tam = new iotcs.device.TrustedAssetsManager(job.file, job.passphrase);
if (job.op === 'activate') {
    tam.generateKeyPair('RSA', 2048);
    tam.setEndpointCredentials(job.endpointId, null);
}
if (job.op === 'reset') {
    tam.reset();
}

const bytes = text => Buffer.from(text, 'latin1').toString('base64'); // the client has bytes in strings
const mac = id => {
    const digest = tam.signWithSharedSecret(job.data, 'sha256', id);
    return digest && bytes(digest.getBytes());
};
const seen = {
    scheme: tam.getServerScheme(),
    host: tam.getServerHost(),
    port: Number(tam.getServerPort()),
    clientId: tam.getClientId(),
    activated: tam.isActivated(),
    endpointId: tam.isActivated() ? tam.getEndpointId() : '',
    anchors: tam.getTrustAnchorCertificates().map(pem => new crypto.X509Certificate(pem).raw.toString('base64')),
    devices: Object.keys(tam.getConnectedDevices()),
    mac: mac(null),
    deviceMacs: {},
};
for (const id of seen.devices) {
    seen.deviceMacs[id] = mac(id);
}
if (tam.privateKey) {
    seen.publicKey = crypto.createPublicKey(tam.getPublicKey()).export({type: 'spki', format: 'der'}).toString('base64');
    seen.signature = bytes(tam.signWithPrivateKey(job.data, 'sha256'));
}
log(JSON.stringify(seen));
