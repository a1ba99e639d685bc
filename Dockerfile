# The command in a container. Its files belong in /work; everything else may be read-only:
#   docker run --read-only --tmpfs /tmp -v "$PWD":/work -e GENESYS_CLIENT_ID -e GENESYS_CLIENT_SECRET IMAGE export --config matter.yaml
FROM node:22-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npm pack --pack-destination /tmp

FROM node:22-slim
ENV NODE_ENV=production
COPY --from=build /tmp/genesys-legal-hold-exporter-*.tgz /tmp/
RUN npm install --prefix /app --omit=dev --no-audit --no-fund /tmp/genesys-legal-hold-exporter-*.tgz \
      @aws-sdk/client-eventbridge@3 @aws-sdk/client-kms@3 @aws-sdk/client-sns@3 \
    && rm -rf /tmp/*.tgz /root/.npm \
    && mkdir /work && chown node:node /work
USER node
WORKDIR /work
VOLUME /work
ENTRYPOINT ["/app/node_modules/.bin/genesys-legal-hold-exporter"]
CMD ["--help"]
