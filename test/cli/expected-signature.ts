import { createHash, createHmac } from 'node:crypto';
import { CREDENTIALS, type Seen } from './api-double.ts';

export const signatureOf = ({ headers }: Seen): string | undefined =>
  /Signature=(\w+)$/.exec(headers.authorization ?? '')?.[1];

/**
 * The signature that AWS would work out for a request as it arrived.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function expectedSignature({ method, path, headers, body }: Seen): string {
  const [, date = '', scope = '', signed = ''] =
    /Credential=[^/]+\/(\d+)\/([^,]+), SignedHeaders=([^,]+)/.exec(headers.authorization ?? '') ?? [];
  const [resource = '', query = ''] = path.split('?');
  const canonical = [
    method,
    resource,
    query.split('&').toSorted().join('&'),
    ...signed.split(';').map((name) => `${name}:${headers[name]}`),
    '',
    signed,
    sha256(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], `${date}/${scope}`, sha256(canonical)].join(
    '\n',
  );
  const key = [date, ...scope.split('/')].reduce<Buffer | string>(
    hmac,
    `AWS4${CREDENTIALS.AWS_SECRET_ACCESS_KEY}`,
  );
  return hmac(key, toSign).toString('hex');
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: Buffer | string, text: string): Buffer => createHmac('sha256', key).update(text).digest();
