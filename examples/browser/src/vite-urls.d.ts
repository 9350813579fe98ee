/** Vite's imports of files by address. */
declare module '*?url' {
  const url: string;
  export default url;
}
