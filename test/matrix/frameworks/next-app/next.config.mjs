// Builds a server that runs without the project.

export default { output: 'standalone' };
