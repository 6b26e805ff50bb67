import * as v from 'valibot';
import { ENVIRONMENT } from './contract.ts';
import { EnvironmentInvalidError } from './errors.ts';

/** The value of an environment variable that the stack sets. Throws EnvironmentInvalidError. */
export function environmentVariable(name: string): string {
  const value = process.env[name];
  if (!value) {
    throw new EnvironmentInvalidError(`The environment variable ${name} is not set; deploy the stack again.`);
  }
  return value;
}

/** The function's settings, as the stack wrote them. Throws EnvironmentInvalidError. */
export function settings<const S extends v.GenericSchema>(schema: S): v.InferOutput<S> {
  const parsed = v.safeParse(
    v.pipe(v.string(), v.parseJson(), schema),
    environmentVariable(ENVIRONMENT.settings),
  );
  if (!parsed.success) {
    throw new EnvironmentInvalidError(
      `The environment variable ${ENVIRONMENT.settings} is not valid (${parsed.issues.map((issue) => v.getDotPath(issue) ?? issue.message).join(', ')}); deploy the stack again.`,
    );
  }
  return parsed.output;
}
