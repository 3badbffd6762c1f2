# An app, in its own repository, with schedhint among its dependencies:
#   docker build -f app.Dockerfile -t schedhint-app:0.1.0 .

FROM node:24-slim
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
COPY . .
# Where there is no broker and no map, hints go to private memory and nothing else changes.
ENV NODE_OPTIONS=--require=schedhint/register
USER node
CMD ["node", "app.js"]
