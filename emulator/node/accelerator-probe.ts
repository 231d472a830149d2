/**
 * The boot sector that an accelerator has to run before guests are given to it: 512 bytes, assembled from
 * `accelerator-probe.asm`, which explains the stages.
 */
export const acceleratorProbe: Buffer = Buffer.from(
  [
    '+jHAjtiOwI7QvAB8sFLoaQDkkgwC5pL8McC/ABC5ACDzq2bHBgAQAyAAAGbHBgAgAzAAAGbHBgAwgwAAAGbHBggwgwAAAA8g4AwgDyLgZrgA',
    'EAAADyLYZrmAAADADzKAzAEPMA8BFmR9DyDAZg0BAACADyLA6n98CAC6+APuw2a4EACO2I7AjtC8AHwAALBMZrr4A+7HBCUAUAAAeFY0EoE8',
    'JQBQIAB4VjQSdXy/MEAAALg8fQAA6HAAAAC/AEIAALhAfQAA6GEAAAAPARwlan0AADHbzID7AXVOsElmuvgD7rnAxi0AiQwlAGAAAP/JdfWw',
    'Qu6wEeYgsCDmIbAE5iGwAeYhsP7mIbA05kOwqeZAsATmQDHb+/SA+wVy+fqwVO64KgAAAOf09Ov9ZokHZsdHAggAZsdHBACOw//DSM//w1Cw',
    'IOYgWEjPkJAAAAAAAAAAAAAAAAAAmiAAAAAAAACSAAAXAEx9AAD/AwBAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAVao=',
  ].join(''),
  'base64',
)

/** QEMU's exit status when the probe came through: isa-debug-exit makes `(0x2a << 1) | 1` of what it wrote. */
export const probePassed = 85
