// The Function app of Causeway and what it needs, in a resource group of its own: `azd up` (azure.yaml) deploys it.
// Everything is reached by the app's identity. There is no account key, function key or client secret.
targetScope = 'resourceGroup'

@description('Where the app runs.')
param location string = resourceGroup().location

@description('The name of the azd environment.')
param environmentName string

@description('Resource groups of the VPN gateways and their virtual networks, apart by commas alone.')
param networkResourceGroups string

@description('The AWS account whose links call the app, twelve digits.')
@minLength(12)
@maxLength(12)
param callersAccount string

@description('The issuer of that account\'s web identity tokens.')
param callersIssuer string

@description('ARNs of roles and users of that account, apart by commas, who may look by `make doctor` and `make plan`.')
param callersReaders string = ''

@description('The application ID URI for which the app asks its token for AWS. Empty: api://<tenant>/causeway.')
param awsTokenAudience string = ''

var name = 'causeway-${uniqueString(resourceGroup().id)}'
var tags = { 'azd-env-name': environmentName }
var queueNames = ['causeway-work', 'causeway-work-poison'] // azure_functions/work_queue.py; the host adds the second word
// Built-in roles, by the ids that they have in every tenant.
var roles = {
  storageBlobDataOwner: 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  storageQueueDataContributor: '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  monitoringMetricsPublisher: '3913510d-42f4-4e42-8a64-420c390055eb'
}

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
  tags: tags
}

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  name: 'causeway${uniqueString(resourceGroup().id)}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_LRS' }
  properties: {
    allowBlobPublicAccess: false
    allowSharedKeyAccess: false
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: storage
  name: 'default'
}

resource packages 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: 'packages'
}

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2023-05-01' = {
  parent: storage
  name: 'default'
}

resource queues 'Microsoft.Storage/storageAccounts/queueServices/queues@2023-05-01' = [for queue in queueNames: {
  parent: queueService
  name: queue
}]

resource logs 'Microsoft.OperationalInsights/workspaces@2023-09-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    retentionInDays: 30
    sku: { name: 'PerGB2018' }
  }
}

// The connection string only says where to send: with local authentication off, its key opens nothing.
resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: name
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: logs.id
    DisableLocalAuth: true
  }
}

// The host makes containers of its own for its lock and keys, so that this cannot be narrowed to one container
// (Azure Functions, "Connecting to host storage with an identity"). The account holds nothing else.
resource blobOwner 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(storage.id, identity.id, roles.storageBlobDataOwner)
  scope: storage
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageBlobDataOwner)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

resource queueContributors 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (queue, i) in queueNames: {
  name: guid(storage.id, queue, identity.id, roles.storageQueueDataContributor)
  scope: queues[i]
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.storageQueueDataContributor)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}]

resource metricsPublisher 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(insights.id, identity.id, roles.monitoringMetricsPublisher)
  scope: insights
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roles.monitoringMetricsPublisher)
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
  }
}

module network 'network.bicep' = [for group in split(networkResourceGroups, ','): {
  name: 'causeway-network-${uniqueString(group, environmentName)}'
  scope: resourceGroup(group)
  params: { principalId: identity.properties.principalId }
}]

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: { reserved: true }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'function' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    siteConfig: { minTlsVersion: '1.2' }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}${packages.name}'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identity.id
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.13' // the package holds bytecode of this version (tools/build-azure)
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: 40
      }
    }
  }
  dependsOn: [blobOwner]
}

// Nobody publishes by password; azd does it with the person's own token.
resource publishingByFtp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource publishingByScm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
}

// What the app reads is listed in azure_functions/settings.py, the rest is for the host.
resource settings 'Microsoft.Web/sites/config@2024-04-01' = {
  parent: app
  name: 'appsettings'
  properties: {
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.properties.clientId};Authorization=AAD'
    APPLICATIONINSIGHTS_CONNECTION_STRING: insights.properties.ConnectionString
    AWS_TOKEN_AUDIENCE: empty(awsTokenAudience) ? 'api://${tenant().tenantId}/causeway' : awsTokenAudience
    AZURE_CLIENT_ID: identity.properties.clientId
    AzureWebJobsStorage__blobServiceUri: storage.properties.primaryEndpoints.blob
    AzureWebJobsStorage__clientId: identity.properties.clientId
    AzureWebJobsStorage__credential: 'managedidentity'
    AzureWebJobsStorage__queueServiceUri: storage.properties.primaryEndpoints.queue
    CALLERS_ACCOUNT: callersAccount
    CALLERS_AUDIENCE: 'https://${app.properties.defaultHostName}'
    CALLERS_ISSUER: callersIssuer
    CALLERS_READERS: callersReaders
  }
  dependsOn: [queueContributors, metricsPublisher]
}

// What a link in cdk.json names: azure.tenant, azure.function_url, azure.function_identity.
output AZURE_TENANT_ID string = tenant().tenantId
output FUNCTION_URL string = 'https://${app.properties.defaultHostName}'
output FUNCTION_IDENTITY string = identity.properties.principalId
output FUNCTION_NAME string = app.name
