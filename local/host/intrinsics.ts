import type { CloudFormationTemplate } from './template.ts';

/** Answers a template's value with every intrinsic function evaluated; `undefined` stands for `AWS::NoValue`. */
export type Resolve = (value: unknown) => unknown;

/** What `Ref` and `Fn::GetAtt` of one resource give. */
export interface ResourceIdentity {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface ResolverOptions {
  readonly template: CloudFormationTemplate;
  /** Values of `AWS::Region` and the like. */
  readonly pseudoParameters: Readonly<Record<string, string>>;
  readonly identify: (logicalId: string) => ResourceIdentity | undefined;
}

type Intrinsic = (argument: unknown) => unknown;

/**
 * Evaluates the intrinsic functions which the CDK writes.
 *
 * @throws Error naming the function, reference or attribute which cannot be resolved.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
 */
export function createResolver({ template, pseudoParameters, identify }: ResolverOptions): Resolve {
  const ref = (name: string): unknown => {
    if (name === 'AWS::NoValue') return undefined;
    const pseudo = pseudoParameters[name];
    if (pseudo !== undefined) return pseudo;
    const parameter = template.Parameters?.[name];
    if (parameter) {
      if (parameter.Default === undefined) throw new Error(`Parameter ${name} has no default`);
      return String(parameter.Default);
    }
    const identity = identify(name);
    if (!identity) throw new Error(`Ref: the template has no resource or parameter ${name}`);
    return identity.ref;
  };

  const attribute = (logicalId: string, name: string): string => {
    const identity = identify(logicalId);
    if (!identity) throw new Error(`Fn::GetAtt: the template has no resource ${logicalId}`);
    const value = identity.attributes[name];
    if (value === undefined) throw new Error(`Fn::GetAtt: the attribute ${logicalId}.${name} is not hosted`);
    return value;
  };

  const substitute = (argument: unknown): string => {
    const [text, variables] = Array.isArray(argument) ? argument : [argument, {}];
    const own = record(resolve(variables), 'Fn::Sub');
    return String(text).replaceAll(/\$\{(!?)([^}]+)\}/g, (_, literal: string, name: string) => {
      if (literal) return `\${${name}}`;
      if (own[name] !== undefined) return String(own[name]);
      const dot = name.indexOf('.');
      return String(dot < 0 ? ref(name) : attribute(name.slice(0, dot), name.slice(dot + 1)));
    });
  };

  const condition = (name: string): boolean => {
    const definition = template.Conditions?.[name];
    if (definition === undefined) throw new Error(`The template has no condition ${name}`);
    return resolve(definition) === true;
  };

  const intrinsics: Readonly<Record<string, Intrinsic>> = {
    Ref: (argument) => ref(String(argument)),
    Condition: (argument) => condition(String(argument)),
    'Fn::GetAtt': (argument) => {
      const [logicalId, name] = Array.isArray(argument) ? argument : String(argument).split(/\.(.*)/s);
      return attribute(String(logicalId), String(resolve(name)));
    },
    'Fn::Join': (argument) => {
      const [delimiter, values] = list(argument, 'Fn::Join');
      return list(resolve(values), 'Fn::Join').map(String).join(String(delimiter));
    },
    'Fn::Sub': substitute,
    'Fn::Select': (argument) => {
      const [index, values] = list(resolve(argument), 'Fn::Select');
      return list(values, 'Fn::Select')[Number(index)];
    },
    'Fn::Split': (argument) => {
      const [delimiter, text] = list(resolve(argument), 'Fn::Split');
      return String(text).split(String(delimiter));
    },
    'Fn::If': (argument) => {
      const [name, whenTrue, whenFalse] = list(argument, 'Fn::If');
      return resolve(condition(String(name)) ? whenTrue : whenFalse);
    },
    'Fn::Equals': (argument) => {
      const [left, right] = list(resolve(argument), 'Fn::Equals');
      return String(left) === String(right);
    },
    'Fn::And': (argument) => list(resolve(argument), 'Fn::And').every((value) => value === true),
    'Fn::Or': (argument) => list(resolve(argument), 'Fn::Or').some((value) => value === true),
    'Fn::Not': (argument) => list(resolve(argument), 'Fn::Not')[0] !== true,
  };

  function resolve(value: unknown): unknown {
    if (typeof value === 'string') {
      if (value.includes('{{resolve:')) throw new Error(`The dynamic reference ${value} is not hosted`);
      return value;
    }
    if (Array.isArray(value)) return value.map(resolve).filter((element) => element !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value);
    const [name, argument] = entries[0] ?? [];
    if (
      entries.length === 1 &&
      name !== undefined &&
      (name.startsWith('Fn::') || isReference(name, argument))
    ) {
      const intrinsic = intrinsics[name];
      if (!intrinsic) throw new Error(`The intrinsic function ${name} is not hosted`);
      return intrinsic(argument);
    }
    return Object.fromEntries(
      entries.flatMap(([key, element]) => {
        const resolved = resolve(element);
        return resolved === undefined ? [] : [[key, resolved]];
      }),
    );
  }

  return resolve;
}

/** `Condition` is also the name of an object in an IAM statement, so only a name makes it a reference. */
function isReference(name: string, argument: unknown): boolean {
  return (name === 'Ref' || name === 'Condition') && typeof argument === 'string';
}

function list(value: unknown, intrinsic: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error(`${intrinsic} expects a list`);
  return value;
}

function record(value: unknown, intrinsic: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error(`${intrinsic} expects a map`);
  return { ...value };
}
