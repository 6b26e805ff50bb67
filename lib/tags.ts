import * as v from 'valibot';

const KEY =
  'tags whose names have 1 to 128 letters, digits, spaces and _ . : / = + - @, and do not begin with aws:';
const VALUE = 'a text of at most 256 letters, digits, spaces and _ . : / = + - @';
const ALLOWED = /^[\p{L}\p{N}\p{Z}_.:/=+\-@]*$/u;
/** CloudFormation adds three of its own. */
const AT_MOST = 47;
const COUNT = `at most ${AT_MOST} tags, whose names differ by more than capitals`;

/**
 * Tags of every resource: who pays, who is asked.
 * https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
 */
export const ResourceTags = v.pipe(
  v.record(
    v.pipe(
      v.string(KEY),
      v.minLength(1, KEY),
      v.maxLength(128, KEY),
      v.regex(ALLOWED, KEY),
      v.check((name) => !/^aws:/i.test(name), KEY),
    ),
    v.pipe(v.string(VALUE), v.maxLength(256, VALUE), v.regex(ALLOWED, VALUE)),
    'tags: { name: value }',
  ),
  v.check((tags) => {
    const names = Object.keys(tags).map((name) => name.toLowerCase());
    // IAM takes two names that differ by capitals for one.
    return names.length <= AT_MOST && new Set(names).size === names.length;
  }, COUNT),
);
