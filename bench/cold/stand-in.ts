import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { generate } from 'selfsigned';

/** Answers of the AWS services and of Twilio that let a handler's first call succeed. */
const AWS_ANSWERS: Readonly<Record<string, object>> = {
  'AWSStepFunctions.StartExecution': {
    executionArn: 'arn:aws:states:us-east-1:123456789012:execution:calls:name',
    startDate: 1_764_000_000,
  },
  'DynamoDB_20120810.GetItem': {},
  'DynamoDB_20120810.PutItem': {},
  'DynamoDB_20120810.UpdateItem': {},
  'DynamoDB_20120810.Query': { Count: 0, ScannedCount: 0, Items: [] },
};

export interface StandIn extends AsyncDisposable {
  readonly url: string;
  /** In PEM; clients have to be told to trust it. */
  readonly certificate: string;
}

/**
 * One HTTPS server in the place of AWS and Twilio that answers at once, so that only the functions' own work is
 * measured. HTTPS, since the AWS SDK takes another way for plain HTTP, on which Node.js loads its whole `fetch`.
 */
export async function startStandIn(secretString: string, recordingSid: string): Promise<StandIn> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  const server = createServer({ key, cert }, (request, response) => {
    const target = String(request.headers['x-amz-target'] ?? '');
    const answer =
      target === 'secretsmanager.GetSecretValue'
        ? { Name: 'TwilioSecret', SecretString: secretString }
        : (AWS_ANSWERS[target] ?? {
            sid: recordingSid,
            status: 'in-progress',
            source: 'StartCallRecordingAPI',
          });
    request.resume().on('end', () => {
      response.writeHead(target ? 200 : 201, {
        'content-type': target ? 'application/x-amz-json-1.0' : 'application/json',
      });
      response.end(JSON.stringify(answer));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    certificate: cert,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
