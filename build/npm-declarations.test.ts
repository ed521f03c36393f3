import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bundleDeclarations } from './npm-declarations.ts'

const ENTRY = `/**
 * On the file: left out.
 */
import { type Size as Extent } from '../size.ts';
import type { Server } from 'node:http';
/** On the type. */
export interface Shape {
    readonly size: Extent;
    /** No import: Colour. */
    readonly server?: Server;
}
export declare const MARK: unique symbol;
export declare function shape(mark: typeof MARK): Shape;
export declare function unused(colour: Colour): void;
`
const SIZE = `import type { Unit } from './unit.ts';
export type Size = {
    readonly unit: Unit;
};
export type Colour = string;
`
const UNIT = `export type Unit = 'mm';\n`

const sources = (size = SIZE) =>
  new Map([
    ['a/entry.ts', ENTRY.replace('Size as Extent', 'Size').replace('size: Extent', 'size: Size')],
    ['size.ts', size],
    ['unit.ts', UNIT],
  ])

test('what is exported, and what that needs from other files, without exporting it', () => {
  assert.equal(
    bundleDeclarations(sources(), 'a/entry.ts', ['shape']),
    `import type { Server } from 'node:http';
/** On the type. */
export interface Shape {
    readonly size: Size;
    /** No import: Colour. */
    readonly server?: Server;
}
type Size = {
    readonly unit: Unit;
};
type Unit = 'mm';
export declare function shape(mark: typeof MARK): Shape;
declare const MARK: unique symbol;
export {};
`,
  )
})

test('one name for two things, another name for one, and unknown forms are refused', () => {
  const twice = SIZE.replace('unit: Unit', 'unit: Unit & Shape').concat('export type Shape = 1;\n')
  assert.throws(() => bundleDeclarations(sources(twice), 'a/entry.ts', []), /Shape is declared in two files/)
  const renamed = new Map([...sources(), ['a/entry.ts', ENTRY]])
  assert.throws(() => bundleDeclarations(renamed, 'a/entry.ts', []), /Size as Extent/)
  const other = new Map([['a/entry.ts', "export * from './b.ts';\n"]])
  assert.throws(() => bundleDeclarations(other, 'a/entry.ts', []), /export \* from/)
})
