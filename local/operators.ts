import { createHash } from 'node:crypto';
import type { Principal } from './host/authorizers.ts';
import { readStack } from './host/stack.ts';
import type { CloudFormationTemplate } from './host/template.ts';

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Who may call the recorder's own API. */
export interface Operators {
  /** May read. */
  readonly reader: AccessKey;
  /** May read and control. */
  readonly controller: AccessKey;
}

/** Keys that nobody else has, made from a seed so that a run can be repeated. */
export function operatorsFromSeed(seed: number): Operators {
  return { reader: accessKey('reader', seed), controller: accessKey('controller', seed) };
}

/** @returns `undefined` when the template does not have both outputs, `ReadPolicyArn` and `ControlPolicyArn` */
export function principalsFor(
  template: CloudFormationTemplate,
  { reader, controller }: Operators,
): readonly Principal[] | undefined {
  // The ARNs are the same whatever the address is.
  const { ReadPolicyArn, ControlPolicyArn } = readStack(template, 'http://127.0.0.1').outputs;
  if (!ReadPolicyArn || !ControlPolicyArn) return undefined;
  return [
    { ...reader, userName: 'reader', managedPolicyArns: [ReadPolicyArn] },
    // To control implies no reading by itself.
    { ...controller, userName: 'controller', managedPolicyArns: [ReadPolicyArn, ControlPolicyArn] },
  ];
}

function accessKey(userName: string, seed: number): AccessKey {
  const hash = (what: string) => createHash('sha256').update(`${userName} ${what} ${seed}`);
  return {
    accessKeyId: `AKIA${hash('access key').digest('hex').slice(0, 16).toUpperCase()}`,
    secretAccessKey: hash('secret access key').digest('base64').slice(0, 40),
  };
}
