import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CallRecorderStack } from '../../../lib/call-recorder-stack.ts';
import { parseConfiguration, type RecorderConfigurationInput } from '../../../lib/configuration.ts';

/** By configuration: a synthesis takes a second. */
const templates = new Map<string, Template>();

/** The template that a configuration deploys. The functions are not bundled. */
export function synthesize(configuration: RecorderConfigurationInput = {}): Template {
  const key = JSON.stringify(configuration);
  let template = templates.get(key);
  if (!template) {
    const parsed = parseConfiguration(configuration, 'test.config.ts');
    const app = new App({
      context: { 'aws:cdk:bundling-stacks': [] },
      // More than half of the time. cdk-nag's test has it, and each deployment.
      builtinCloudFormationValidation: false,
    });
    template = Template.fromStack(new CallRecorderStack(app, parsed.stackName, parsed));
    templates.set(key, template);
  }
  return template;
}

/** `RecorderCalls186A8759` is `Calls` to a reader. */
const shortName = (logicalId: string): string =>
  logicalId.replace(/^Recorder/, '').replace(/[0-9A-F]{8}$/, '');

/**
 * CloudFormation's functions as text: `<Calls>` for a Ref, `<Calls.Arn>` for an attribute, a join joined, and `<Calls>[6]`
 * for the sixth part of an ARN.
 */
export function readable(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(readable);
  }
  if (typeof value !== 'object' || value === null) {
    return value;
  }
  const entries = Object.entries(value);
  const [[name, argument] = ['', undefined]] = entries;
  if (entries.length === 1 && name === 'Ref') {
    return `<${shortName(String(argument))}>`;
  }
  if (entries.length === 1 && name === 'Fn::GetAtt') {
    const [logicalId, attribute] = argument as string[];
    return `<${shortName(logicalId ?? '')}.${attribute}>`;
  }
  if (entries.length === 1 && name === 'Fn::Join') {
    const [separator, parts] = argument as [string, unknown[]];
    return parts.map(readable).join(separator);
  }
  if (entries.length === 1 && name === 'Fn::Select') {
    const [index, { 'Fn::Split': split = [] }] = argument as [number, { 'Fn::Split'?: unknown[] }];
    return `${readable(split[1])}[${index}]`;
  }
  return Object.fromEntries(entries.map(([key, inner]) => [key, readable(inner)]));
}

export interface ReadableResource {
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** All resources of a type, by their short names, readable. */
export function resources(template: Template, type: string): Record<string, ReadableResource> {
  return Object.fromEntries(
    Object.entries(template.findResources(type)).map(([logicalId, resource]) => [
      shortName(logicalId),
      readable(resource) as ReadableResource,
    ]),
  );
}

/** The one resource of a type. */
export function only(template: Template, type: string): ReadableResource {
  const [resource, ...others] = Object.values(resources(template, type));
  if (!resource || others.length > 0) {
    throw new Error(`there is not one ${type} but ${resource ? others.length + 1 : 0}`);
  }
  return resource;
}
