/** A small image file, and what is to be read from it. */
export interface Picture {
  readonly what: string;
  /** Pixels; the height is 6 / width. */
  readonly width: number;
  /** Red, green and blue of each pixel, row by row. */
  readonly pixels: string;
  /** base64 */
  readonly file: string;
}

const colours = '200,30,10 0,255,128 7,7,7 90,60,250 255,255,255 1,2,3';
const greys = '72,72,72 178,178,178 1,1,1 102,102,102 221,221,221 18,18,18';

/**
 * Written by Pillow 13.0, and read by its `convert('RGB')`, but for 16 bits of grey, which are cut off at 255 there
 * instead of scaled.
 */
export const pictures: readonly Picture[] = [
  {
    what: 'a JPEG',
    width: 3,
    pixels: '58,64,76 210,216,228 0,1,9 84,90,102 231,237,249 0,1,9',
    file: '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAA0JCgsKCA0LCgsODg0PEyAVExISEyccHhcgLikxMC4pLSwzOko+MzZGNywtQFdBRkxOUlNSMj5aYVpQYEpRUk//2wBDAQ4ODhMREyYVFSZPNS01T09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT09PT0//wAARCAACAAMDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAb/xAAcEAEAAgEFAAAAAAAAAAAAAAABAAIEBQYRFHP/xAAUAQEAAAAAAAAAAAAAAAAAAAAB/8QAFhEBAQEAAAAAAAAAAAAAAAAAAAEx/9oADAMBAAIRAxEAPwCL3aFdfuVAOvjvB4UiIjdEf//Z',
  },
  {
    what: 'a PNG, which EXIF does not turn',
    width: 3,
    pixels: colours,
    file: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAGmVYSWZNTQAqAAAACAABARIAAwAAAAEABgAAAAAAANZnS2kAAAAcSURBVHicYzghx8Xwv4GdnZ0hyubX////GZmYAUN6Bxh6jyTcAAAAAElFTkSuQmCC',
  },
  {
    what: 'a PNG with alpha',
    width: 3,
    pixels: colours,
    file: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAYAAACddGYaAAAAI0lEQVR42mM4IcfFwPC/oYGdnf0/Q5TNL4f///8zMjIxMwAAdNYI2E+s88IAAAAASUVORK5CYII=',
  },
  {
    what: 'a PNG of grey with alpha',
    width: 3,
    pixels: '200,200,200 0,0,0 7,7,7 90,90,90 255,255,255 1,1,1',
    file: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAQAAAA3fa6RAAAAFklEQVR42mM4wcDQwP6fIcrhPyMjAwAeygPqpJJyxgAAAABJRU5ErkJggg==',
  },
  {
    what: 'a PNG with a palette and transparency',
    width: 3,
    pixels: colours,
    file: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACBAMAAABvWnspAAAAElBMVEX///8A/4BaPPrIHgoHBwcBAgNefSojAAAAA3RSTlMA/wkQjoEIAAAADklEQVR42mM05Gd6LwAAAzEBQ8Fi2P0AAAAASUVORK5CYII=',
  },
  {
    what: 'a PNG of one bit',
    width: 3,
    pixels: '0,0,0 255,255,255 0,0,0 0,0,0 255,255,255 0,0,0',
    file: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR42mNwYGIAAADIAEPz0vc5AAAAAElFTkSuQmCC',
  },
  {
    what: 'a PNG of 16 bits',
    width: 3,
    pixels: colours,
    file: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACEAIAAABChi0OAAAAJ0lEQVR4nGM44Svny+XL4Pvft8GXHQwZonxtfH8BBUCQ0ZfJl9kXAOiXDIKkxtzrAAAAAElFTkSuQmCC',
  },
  {
    what: 'a PNG of grey of 16 bits',
    width: 3,
    pixels: '200,200,200 0,0,0 7,7,7 90,90,90 255,255,255 1,1,1',
    file: 'iVBORw0KGgoAAAANSUhEUgAAAAMAAAACEAAAAADoj+WFAAAAFklEQVR4nGM44cvgy+7LEOX735fRFwAcSgP43yKUngAAAABJRU5ErkJggg==',
  },
  {
    what: 'a grey JPEG',
    width: 3,
    pixels: greys,
    file: '/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAACAAMBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAB//EAB4QAAIBAwUAAAAAAAAAAAAAAAECAwAEEQYHFCGh/9oACAEBAAA/ACvcNVj1jIqKFXhWRwox2bWIn2v/2Q==',
  },
  {
    what: 'a JPEG, which EXIF does not turn',
    width: 3,
    pixels: greys,
    file: '/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/wAALCAACAAMBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAAB//EAB4QAAIBAwUAAAAAAAAAAAAAAAECAwAEEQYHFCGh/9oACAEBAAA/ACvcNVj1jIqKFXhWRwox2bWIn2v/2Q==',
  },
  {
    what: 'a CMYK JPEG',
    width: 3,
    pixels: Array.from({ length: 6 }, () => '190,164,139').join(' '),
    file: '/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwAIBgYHBgUIBwcHCQkICgwUDQwLCwwZEhMPFB0aHx4dGhwcICQuJyAiLCMcHCg3KSwwMTQ0NB8nOT04MjwuMzQy/8AAFAgAAgADBEMRAE0RAFkRAEsRAP/EABUAAQEAAAAAAAAAAAAAAAAAAAcG/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAA4EQwBNAFkASwAAPwBhIalK7//Z',
  },
  {
    what: 'a CMYK TIFF',
    width: 3,
    pixels: '190,164,139 255,255,255 0,122,117 250,249,248 0,0,0 238,0,238',
    file: 'SUkqAAgAAAAKAAABBAABAAAAAwAAAAEBBAABAAAAAgAAAAIBAwAEAAAAhgAAAAMBAwABAAAAAQAAAAYBAwABAAAABQAAABEBBAABAAAAjgAAABUBAwABAAAABAAAABYBBAABAAAAAgAAABcBBAABAAAAGAAAABwBAwABAAAAAQAAAAAAAAAIAAgACAAIAB48WigAAAAA/woUgAECAwTIZDL/AP8AEQ==',
  },
  {
    what: 'a TIFF, which its orientation does turn',
    width: 2,
    pixels: '90,60,250 200,30,10 255,255,255 0,255,128 1,2,3 7,7,7',
    file: 'SUkqAAgAAAALAAABBAABAAAAAwAAAAEBBAABAAAAAgAAAAIBAwADAAAAkgAAAAMBAwABAAAAAQAAAAYBAwABAAAAAgAAABEBBAABAAAAmAAAABIBAwABAAAABgAAABUBAwABAAAAAwAAABYBBAABAAAAAgAAABcBBAABAAAAEgAAABwBAwABAAAAAQAAAAAAAAAIAAgACADIHgoA/4AHBwdaPPr///8BAgM=',
  },
  {
    what: 'a WebP with alpha',
    width: 3,
    pixels: colours,
    file: 'UklGRlAAAABXRUJQVlA4TEMAAAAvAkAAEC+gqI0UaE8N/PDvA2HYUBDJBvV+9B8h9JCMggAEELXdXg8IZJPdLH+p4v+s3M5ztrNuGwgEKFOFhyL6H88EAA==',
  },
  {
    what: 'the first picture of a GIF',
    width: 3,
    pixels: colours,
    file: 'R0lGODdhAwACAIIAAP///wD/gFo8+sgeCgcHBwECAwAAAAAAACwAAAAAAwACAAAICQAHBCAgAECBgAAh+QQBAAAGACwAAAAAAwACAIL///8A/4BaPPrIHgoHBwcBAgMAAAAAAAAICQAJGBhQwICAgAA7',
  },
];
